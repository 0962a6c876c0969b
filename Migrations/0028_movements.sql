-- What recurring revenue is reported in.

-- What one of a currency is worth in another, from a day on. The seller's, and never changed: of one pair and day what
-- was written last counts for who asks later.
CREATE TABLE app.exchange_rates (
    id uuid PRIMARY KEY,
    from_currency char(3) NOT NULL CHECK (from_currency ~ '^[A-Z]{3}$'),
    to_currency char(3) NOT NULL CHECK (to_currency ~ '^[A-Z]{3}$'),
    rate numeric(38, 12) NOT NULL CHECK (rate > 0),
    day date NOT NULL,
    -- Who says so, like a bank.
    source text NOT NULL CHECK (length(source) <= 200),
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    CONSTRAINT exchange_rates_currencies CHECK (from_currency <> to_currency)
);
SELECT app.replicate('app.exchange_rates');
CREATE INDEX exchange_rates_days ON app.exchange_rates (from_currency, to_currency, day);
GRANT SELECT ON app.exchange_rates TO abono_finance, abono_system, abono_admin;
GRANT INSERT ON app.exchange_rates TO abono_admin;

-- What a journal puts on an account; NULL if it does not name it.
CREATE FUNCTION app.amount_on(accounts text[], amounts bigint[], account text) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT sum(e.amount)::bigint FROM unnest(accounts, amounts) AS e (name, amount) WHERE e.name = account
$$;
GRANT EXECUTE ON FUNCTION app.amount_on(text[], bigint[], text) TO PUBLIC;

-- What a subscription brings a month over its whole life, as its changes up to one have it: kept, so that reports need
-- not derive it anew each time. Whatever is not in here, or is of other changes than were known, is derived.
CREATE TABLE app.recurring_levels (
    tenant_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    -- The last change that is in it, and when the latest of all of them was recorded.
    sequence int NOT NULL,
    known_at timestamptz NOT NULL,
    -- The rule that made it: what another one made does not count.
    rule int NOT NULL,
    -- A line a level: microseconds since 1970, units of the currency a month as a fraction, currency, change, plan. NULL
    -- where that cannot be written so, and is derived always.
    levels text,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, subscription_id)
);
SELECT app.distribute('app.recurring_levels');
SELECT app.isolate('app.recurring_levels');
GRANT SELECT ON app.recurring_levels TO abono_finance;
GRANT SELECT, INSERT, UPDATE (sequence, known_at, rule, levels, recorded_at) ON app.recurring_levels TO abono_system;
