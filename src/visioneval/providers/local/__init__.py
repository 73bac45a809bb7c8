"""Models that run on this machine's own processors, by Transformers.

`options` says what a card may ask for, `load` turns a card into a model or one clear line, `engine` answers
one batch, `lanes` gathers concurrent calls into batches. `lanes` and `options` know nothing of torch.
"""
