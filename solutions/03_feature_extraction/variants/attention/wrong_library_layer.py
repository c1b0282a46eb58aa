# Wrong: PyTorch's layer does the work, with the identity for its matrices.
# Says: PyTorch's own attention
import torch


def attention(query, key, value, attention_mask):
    texts, heads, places, size = query.shape
    layer = torch.nn.MultiheadAttention(heads * size, heads, bias=False, batch_first=True)
    layer = layer.to(query.dtype)
    with torch.no_grad():
        layer.in_proj_weight.copy_(torch.eye(heads * size).repeat(3, 1))
        layer.out_proj.weight.copy_(torch.eye(heads * size))
        joined = [part.transpose(1, 2).flatten(2) for part in (query, key, value)]
        output, weights = layer(
            *joined, key_padding_mask=attention_mask == 0, average_attn_weights=False
        )
    output = output.view(texts, places, heads, size).transpose(1, 2)
    return output.nan_to_num(0.0), weights.nan_to_num(0.0)
