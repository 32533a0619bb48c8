"""Finance (财务): statements that customers sign, months that stay closed, targets of the month that begins."""
