# Wrong: messages are dealt out to batches in turn
# Says: Messages are dealt out to the batches in turn
def padding_waste(lengths, batch_size, sort=False):
    if sort:
        lengths = sorted(lengths)
    count = -(-len(lengths) // batch_size)
    batches = [lengths[first::count] for first in range(count)]
    positions = sum(max(batch) * len(batch) for batch in batches)
    return (positions - sum(lengths)) / positions
