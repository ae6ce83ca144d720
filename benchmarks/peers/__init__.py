"""What a user would pick instead, each written as its users write it; started by the parts of the bench."""
