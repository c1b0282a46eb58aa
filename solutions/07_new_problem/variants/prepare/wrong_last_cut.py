# Wrong: cuts the list of ids, and with it the last special token.
from datasets import DatasetDict


def prepare(dataset, tokenizer, max_length=60):
    for rows in dataset.values():
        for column in ("text", "label"):
            if column not in rows.column_names:
                raise ValueError(f"no column {column!r}")

    def encode(batch):
        tokens = tokenizer(batch["text"])
        keys = ("input_ids", "attention_mask")
        return {key: [row[:max_length] for row in tokens[key]] for key in keys}

    keep = ["label", "input_ids", "attention_mask"]
    return DatasetDict(
        {
            s: r.with_format(None).map(encode, batched=True).select_columns(keep)
            for s, r in dataset.items()
        }
    )
