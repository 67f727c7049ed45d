"""Where the kernel writes its settings for installing."""
