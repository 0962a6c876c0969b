-- What finance reports need beside the books.

-- Reports of all tenants read the journals of a span. Journals are written nearly in the order of time, so that a summary
-- of each range of blocks finds them, at no cost to those who post.
CREATE INDEX journals_span ON app.journals USING brin (at);
