# Wrong: the splits of the dataset that was handed over are replaced.
def prepare(dataset, tokenizer, max_length=60):
    for rows in dataset.values():
        for column in ("text", "label"):
            if column not in rows.column_names:
                raise ValueError(f"no column {column!r}")

    def encode(batch):
        return tokenizer(batch["text"], truncation=True, max_length=max_length)

    for split in dataset:
        rows = dataset[split].map(encode, batched=True)
        dataset[split] = rows.select_columns(["label", "input_ids", "attention_mask"])
    return dataset
