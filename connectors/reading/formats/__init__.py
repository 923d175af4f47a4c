"""What a file is by its bytes, whether it may be opened, and the cells of every format of workbook."""
