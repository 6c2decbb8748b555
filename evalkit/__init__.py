"""evalkit: surveys and mixed-methods evaluation, from the spreadsheet to tables that can go to print."""
