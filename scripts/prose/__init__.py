"""A check of the words in documents, help texts and messages."""
