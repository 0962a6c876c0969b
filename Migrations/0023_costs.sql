-- What it costs: cost entries and how they are shared out, the price book of compute, partners and their shares.
-- Costs and prices are the seller's: no tenant sees them.

-- What was spent, or will be, over a stretch of days. Never changed; taken back by an entry of the opposite amount.
CREATE TABLE app.cost_entries (
    id uuid PRIMARY KEY,
    category text NOT NULL CHECK (category IN ('research', 'operations', 'people', 'marketing', 'compute')),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    -- The days it is for, both included: as much on each.
    first_day date NOT NULL,
    last_day date NOT NULL,
    memo text NOT NULL CHECK (length(memo) <= 500),
    -- What it is for alone; what names nothing is shared out by the rule of its category.
    for_tenant uuid,
    plan text CHECK (length(plan) BETWEEN 1 AND 64),
    model text CHECK (length(model) BETWEEN 1 AND 200),
    reverses uuid REFERENCES app.cost_entries (id),
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    CONSTRAINT cost_entries_days CHECK (first_day <= last_day),
    CONSTRAINT cost_entries_reversed_once UNIQUE (reverses)
);
SELECT app.replicate('app.cost_entries');
GRANT SELECT ON app.cost_entries TO abono_finance, abono_system, abono_admin;
GRANT INSERT ON app.cost_entries TO abono_admin;

-- By what the costs of a category are shared out from a month on. The latest that was written counts.
CREATE TABLE app.cost_rules (
    id uuid PRIMARY KEY,
    category text NOT NULL CHECK (category IN ('research', 'operations', 'people', 'marketing', 'compute')),
    basis text NOT NULL CHECK (basis IN ('tokens', 'cpu_milliseconds', 'revenue', 'subscriptions', 'none')),
    first_day date NOT NULL CHECK (extract(day FROM first_day) = 1),
    recorded_at timestamptz NOT NULL,
    author text NOT NULL
);
SELECT app.replicate('app.cost_rules');
GRANT SELECT ON app.cost_rules TO abono_finance, abono_system, abono_admin;
GRANT INSERT ON app.cost_rules TO abono_admin;

-- What compute costs from an instant on, for one model or for all that have no price of their own.
CREATE TABLE app.compute_prices (
    id uuid PRIMARY KEY,
    model text CHECK (length(model) BETWEEN 1 AND 200),
    unit text NOT NULL CHECK (unit IN ('cpu_second', 'input_mtok', 'cached_mtok', 'output_mtok')),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    price numeric(38, 12) NOT NULL CHECK (price >= 0),
    effective_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL
);
SELECT app.replicate('app.compute_prices');
GRANT SELECT ON app.compute_prices TO abono_finance, abono_system, abono_admin;
GRANT INSERT ON app.compute_prices TO abono_admin;

-- Who brings tenants, and what for. The terms never change: other terms are another code.
CREATE TABLE app.partners (
    id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    -- principal: the seller sells, the share is a cost. agent: the partner sells, the share is no revenue of the seller.
    role text NOT NULL CHECK (role IN ('principal', 'agent')),
    -- [{"up_to": …, "rate": …}], the last without an end.
    tiers jsonb NOT NULL CHECK (jsonb_typeof(tiers) = 'array'),
    -- Over what a tier counts up.
    tiers_per text NOT NULL CHECK (tiers_per IN ('month', 'year', 'ever')),
    -- For how many months after a tenant came; NULL: for good.
    term_months int CHECK (term_months BETWEEN 1 AND 1200),
    created_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL
);
SELECT app.replicate('app.partners');
GRANT SELECT ON app.partners TO abono_finance, abono_system, abono_admin;
GRANT INSERT ON app.partners TO abono_admin;

-- Who brought a tenant from an instant on; NULL: nobody any more. Since the latest row counts, it is one at a time.
CREATE TABLE app.partner_attributions (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    partner_id uuid,
    effective_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT app.distribute('app.partner_attributions');
SELECT app.isolate('app.partner_attributions');
ALTER TABLE app.partner_attributions ADD CONSTRAINT partner_attributions_partner
    FOREIGN KEY (partner_id) REFERENCES app.partners (id);
CREATE INDEX partner_attributions_partners ON app.partner_attributions (partner_id);
-- Not the tenant's to read: what is agreed on with partners is between them and the seller.
GRANT SELECT ON app.partner_attributions TO abono_finance, abono_system, abono_admin;
GRANT INSERT ON app.partner_attributions TO abono_admin;

-- What a partner's receipts of a stretch have come to: what tiers go by, and what writers of shares wait for.
CREATE TABLE app.partner_periods (
    partner_id uuid NOT NULL REFERENCES app.partners (id),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- The first day of the month or year; 1970-01-01 for ever.
    period date NOT NULL,
    base_minor bigint NOT NULL,
    share_minor bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (partner_id, currency, period)
);
SELECT app.replicate('app.partner_periods');
GRANT SELECT ON app.partner_periods TO abono_finance, abono_admin;
GRANT SELECT, INSERT, UPDATE (base_minor, share_minor, recorded_at) ON app.partner_periods TO abono_system, abono_admin;

-- Lets one at a time write shares or pay them: what a tier comes to depends on what was written before.
CREATE FUNCTION app.lock_partners() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    LOCK TABLE app.partner_periods IN EXCLUSIVE MODE;
END
$$;
REVOKE ALL ON FUNCTION app.lock_partners() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.lock_partners() TO abono_system, abono_admin;

-- The share in each receipt, and what is taken back of it: once for each source, for good.
CREATE TABLE app.partner_accruals (
    tenant_id uuid NOT NULL,
    -- What was received or went back: the kind and its ids.
    source text NOT NULL CHECK (length(source) BETWEEN 1 AND 150),
    id uuid NOT NULL,
    partner_id uuid NOT NULL,
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    invoice_id uuid,
    payment_id uuid,
    -- The stretch whose tiers it counts in: that of the receipt, also for what is taken back.
    period date NOT NULL,
    -- What came, with tax; what of it counts; the share. What goes back is negative.
    receipt_minor bigint NOT NULL,
    base_minor bigint NOT NULL,
    share_minor bigint NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, source),
    CONSTRAINT partner_accruals_id UNIQUE (tenant_id, id)
);
SELECT app.distribute('app.partner_accruals');
SELECT app.isolate('app.partner_accruals');
ALTER TABLE app.partner_accruals ADD CONSTRAINT partner_accruals_partner
    FOREIGN KEY (partner_id) REFERENCES app.partners (id);
CREATE INDEX partner_accruals_partners ON app.partner_accruals (partner_id, at);
GRANT SELECT ON app.partner_accruals TO abono_finance;
GRANT SELECT, INSERT ON app.partner_accruals TO abono_system, abono_admin;

-- What a partner was paid, and of which tenants' shares.
CREATE TABLE app.partner_payouts (
    id uuid PRIMARY KEY,
    partner_id uuid NOT NULL REFERENCES app.partners (id),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- Shares up to this month's end, that included.
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    -- What names it outside, like a bank's reference.
    reference text NOT NULL CHECK (length(reference) BETWEEN 1 AND 200),
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL
);
SELECT app.replicate('app.partner_payouts');
CREATE INDEX partner_payouts_partners ON app.partner_payouts (partner_id, at);
GRANT SELECT ON app.partner_payouts TO abono_finance, abono_system, abono_admin;
GRANT INSERT ON app.partner_payouts TO abono_admin;

CREATE TABLE app.partner_payout_parts (
    tenant_id uuid NOT NULL,
    payout_id uuid NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, payout_id)
);
SELECT app.distribute('app.partner_payout_parts');
SELECT app.isolate('app.partner_payout_parts');
ALTER TABLE app.partner_payout_parts ADD CONSTRAINT partner_payout_parts_payout
    FOREIGN KEY (payout_id) REFERENCES app.partner_payouts (id);
GRANT SELECT ON app.partner_payout_parts TO abono_finance, abono_system;
GRANT SELECT, INSERT ON app.partner_payout_parts TO abono_admin;
