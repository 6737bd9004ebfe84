"""Documents: looked into, made clean and put together by children that can do no harm."""
