# Right: one map over all splits, then a selection.
def prepare(dataset, tokenizer, max_length=60):
    for split in dataset:
        missing = {"text", "label"} - set(dataset[split].column_names)
        if missing:
            raise ValueError(f"{split} lacks {sorted(missing)}")
    encoded = dataset.with_format(None).map(
        lambda row: tokenizer(row["text"], truncation=True, max_length=max_length)
    )
    return encoded.select_columns(["input_ids", "attention_mask", "label"])
