"""Models behind HTTP: OpenAI's protocol, in the pieces that `providers.openai` puts together.

bodies   Request -> the bytes that are posted
sdk      the openai SDK's client: its key, base URL, Azure, proxies and TLS
wire     posts bytes through that client, times it, reads streams
replies  what came back -> Reply
batch    the Batch API: files of requests, batches, files of results
faults   what went wrong -> the ProviderError that tells the runner what to do
"""
