"""Built-in objectives: real training tasks that a sweep can run without any code of the user's."""
