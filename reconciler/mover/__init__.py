"""Long work on the items of tables: item migrations, and the scan, rate control and checkpoints that they use."""
