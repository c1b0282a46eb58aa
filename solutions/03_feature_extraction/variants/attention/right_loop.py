# Right: text by text, with the keys and values of real tokens alone.
import torch


def attention(query, key, value, attention_mask):
    output = torch.zeros_like(query)
    weights = query.new_zeros(*query.shape[:-1], key.shape[-2])
    for text, mask in enumerate(attention_mask):
        real = mask.nonzero().flatten()
        if len(real) == 0:
            continue
        scaled = query[text] / query.shape[-1] ** 0.5
        shares = torch.softmax(scaled @ key[text][:, real].transpose(1, 2), dim=-1)
        weights[text][..., real] = shares
        output[text] = shares @ value[text][:, real]
    return output, weights
