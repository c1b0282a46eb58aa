# Wrong: a missing label is not looked for, and nobody notices.
from datasets import DatasetDict


def prepare(dataset, tokenizer, max_length=60):
    for rows in dataset.values():
        if "text" not in rows.column_names:
            raise ValueError("no column 'text'")

    def encode(batch):
        return tokenizer(batch["text"], truncation=True, max_length=max_length)

    keep = {"label", "input_ids", "attention_mask"}
    prepared = {}
    for split, rows in dataset.items():
        encoded = rows.with_format(None).map(encode, batched=True)
        prepared[split] = encoded.remove_columns(sorted({*encoded.column_names} - keep))
    return DatasetDict(prepared)
