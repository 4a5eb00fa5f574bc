"""Ids and texts that the Python package `tokenizers` gives: the texts are JSON strings, one a line."""

import json
import sys

from tokenizers import Tokenizer

tokenizer = Tokenizer.from_file(sys.argv[1])
for line in sys.stdin:
    ids = tokenizer.encode(json.loads(line)).ids
    print(json.dumps([ids, tokenizer.decode(ids)]))
