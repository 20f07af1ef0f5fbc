// What the theme leaves to the book.

// The search shows a line of each page that it finds. A page from the disk may not read another.
if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
