# Wrong: tokenizes the first split before it looks at the others.
# Says: Look at all splits first.
from datasets import DatasetDict


def prepare(dataset, tokenizer, max_length=60):
    out = DatasetDict()
    for split, rows in dataset.items():
        for column in ["text", "label"]:
            if column not in rows.column_names:
                raise ValueError(f"{split} has no {column}")
        rows = rows.with_format(None).map(
            lambda b: tokenizer(b["text"], truncation=True, max_length=max_length), batched=True
        )
        out[split] = rows.select_columns(["label", "input_ids", "attention_mask"])
    return out
