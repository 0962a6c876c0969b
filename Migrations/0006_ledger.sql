-- The books: double entry, appended to and never changed. A row is a whole journal, so that the table itself holds
-- the balance without a trigger. Debits are positive, credits negative.

CREATE TABLE app.journals (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    -- What is posted twice under one key is posted once.
    posting_key text NOT NULL CHECK (length(posting_key) BETWEEN 1 AND 200),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    accounts text[] NOT NULL,
    amounts bigint[] NOT NULL,
    -- The wire id of what caused it.
    reference text NOT NULL CHECK (length(reference) BETWEEN 1 AND 100),
    memo text NOT NULL CHECK (length(memo) <= 500),
    -- The journal that this one takes back.
    reverses uuid,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT journals_key UNIQUE (tenant_id, posting_key),
    CONSTRAINT journals_reversed_once UNIQUE (tenant_id, reverses),
    CONSTRAINT journals_balance CHECK (app.sum_amounts(amounts) = 0),
    CONSTRAINT journals_entries CHECK (
        cardinality(accounts) = cardinality(amounts) AND cardinality(accounts) >= 2
        AND array_ndims(accounts) = 1 AND array_ndims(amounts) = 1),
    CONSTRAINT journals_no_gaps CHECK (
        array_position(accounts, NULL) IS NULL AND array_position(amounts, NULL) IS NULL
        AND array_position(amounts, 0) IS NULL)
);
SELECT app.distribute('app.journals');
SELECT app.isolate('app.journals');
ALTER TABLE app.journals ADD CONSTRAINT journals_reversed
    FOREIGN KEY (tenant_id, reverses) REFERENCES app.journals (tenant_id, id);
CREATE INDEX journals_reference ON app.journals (tenant_id, reference);
CREATE INDEX journals_time ON app.journals (tenant_id, at);

-- No UPDATE for anybody: a correction is another journal.
GRANT SELECT, INSERT ON app.journals TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.journals TO abono_finance;
