"""Embedded tiny language models: tokenizer, architecture and training script; knows no domain."""
