"""Models that run on this machine's own processors, by Transformers.

`options` says what a card may ask for, `load` turns a card into a model or one clear line, `start` warms it up
and finds its batch size. `engine` answers one batch: `pictures` prepares, `device` measures and explains.
`lanes` gathers concurrent calls into batches. `lanes` and `options` know nothing of torch.
"""
