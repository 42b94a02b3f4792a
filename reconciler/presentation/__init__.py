"""How a plan or a report is shown: its JSON document, its lines for a terminal, and one file for each output format."""
