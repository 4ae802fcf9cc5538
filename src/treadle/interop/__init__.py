"""Exchange with other tools: formats that other programs read and write."""
