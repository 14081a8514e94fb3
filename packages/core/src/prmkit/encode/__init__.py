"""From records to tensors: tokens with the places where steps end, batches, and their layout."""
