-- Credit notes, what is given up, invoices before the end of a period, and credit that is bought in packages.

-- The last number of each legal entity's credit notes, like those of its invoices: no gap.
CREATE TABLE app.credit_note_counters (
    legal_entity_id uuid PRIMARY KEY,
    last_number bigint NOT NULL CHECK (last_number >= 1)
);
GRANT SELECT ON app.credit_note_counters TO abono_finance, abono_system, abono_admin;

CREATE FUNCTION app.next_credit_note_number(entity uuid) RETURNS bigint
LANGUAGE sql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO app.credit_note_counters AS c (legal_entity_id, last_number) VALUES (entity, 1)
    ON CONFLICT (legal_entity_id) DO UPDATE SET last_number = c.last_number + 1
    RETURNING last_number
$$;
REVOKE ALL ON FUNCTION app.next_credit_note_number(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.next_credit_note_number(uuid) TO abono_tenant, abono_system, abono_admin;

-- What an invoice is reduced by after it was finalized. It is issued once and never changed.
CREATE TABLE app.credit_notes (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    invoice_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    number text NOT NULL CHECK (length(number) BETWEEN 1 AND 50),
    reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL CHECK (total_minor > 0),
    -- Where it went: off what is due, off what was given up as bad debt, to the credit balance, to be paid out.
    receivable_minor bigint NOT NULL CHECK (receivable_minor >= 0),
    bad_debt_minor bigint NOT NULL CHECK (bad_debt_minor >= 0),
    balance_minor bigint NOT NULL CHECK (balance_minor >= 0),
    refund_minor bigint NOT NULL CHECK (refund_minor >= 0),
    issued_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT credit_notes_number UNIQUE (tenant_id, legal_entity_id, number),
    CONSTRAINT credit_notes_total CHECK (
        net_minor + tax_minor = total_minor
        AND receivable_minor + bad_debt_minor + balance_minor + refund_minor = total_minor
        AND (receivable_minor = 0 OR bad_debt_minor = 0))
);
SELECT app.distribute('app.credit_notes');
SELECT app.isolate('app.credit_notes');
ALTER TABLE app.credit_notes ADD CONSTRAINT credit_notes_invoice
    FOREIGN KEY (tenant_id, invoice_id) REFERENCES app.invoices (tenant_id, id);
ALTER TABLE app.credit_notes ADD CONSTRAINT credit_notes_legal_entity
    FOREIGN KEY (legal_entity_id) REFERENCES app.legal_entities (id);
CREATE INDEX credit_notes_of_invoice ON app.credit_notes (tenant_id, invoice_id);
GRANT SELECT, INSERT ON app.credit_notes TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.credit_notes TO abono_finance;

-- What of each line a credit note takes back.
CREATE TABLE app.credit_note_lines (
    tenant_id uuid NOT NULL,
    credit_note_id uuid NOT NULL,
    -- Its place on the credit note, from 1.
    position int NOT NULL CHECK (position >= 1),
    invoice_line_id uuid NOT NULL,
    net_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    -- What of each tax: [{"code": …, "amount_minor": …}].
    taxes jsonb NOT NULL CHECK (jsonb_typeof(taxes) = 'array'),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, credit_note_id, position),
    CONSTRAINT credit_note_lines_once UNIQUE (tenant_id, credit_note_id, invoice_line_id)
);
SELECT app.distribute('app.credit_note_lines');
SELECT app.isolate('app.credit_note_lines');
ALTER TABLE app.credit_note_lines ADD CONSTRAINT credit_note_lines_note
    FOREIGN KEY (tenant_id, credit_note_id) REFERENCES app.credit_notes (tenant_id, id);
ALTER TABLE app.credit_note_lines ADD CONSTRAINT credit_note_lines_line
    FOREIGN KEY (tenant_id, invoice_line_id) REFERENCES app.invoice_lines (tenant_id, id);
CREATE INDEX credit_note_lines_of_line ON app.credit_note_lines (tenant_id, invoice_line_id);
GRANT SELECT, INSERT ON app.credit_note_lines TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.credit_note_lines TO abono_finance;

-- The credit balance grows by credit notes, too: several of one invoice.
ALTER TABLE app.credit_movements
    ADD COLUMN credit_note_id uuid,
    ADD COLUMN source_id uuid GENERATED ALWAYS AS (coalesce(credit_note_id, invoice_id)) STORED,
    DROP CONSTRAINT credit_movements_pkey,
    DROP CONSTRAINT credit_movements_kind_check,
    DROP CONSTRAINT credit_movements_sign;
ALTER TABLE app.credit_movements ADD PRIMARY KEY (tenant_id, invoice_id, kind, source_id);
ALTER TABLE app.credit_movements ADD CONSTRAINT credit_movements_kind
    CHECK (kind IN ('added', 'used', 'returned', 'withdrawn', 'credit_note'));
ALTER TABLE app.credit_movements ADD CONSTRAINT credit_movements_sign CHECK (
    CASE WHEN kind IN ('added', 'returned', 'credit_note') THEN amount_minor > 0 ELSE amount_minor < 0 END);
ALTER TABLE app.credit_movements ADD CONSTRAINT credit_movements_source
    CHECK ((kind = 'credit_note') = (credit_note_id IS NOT NULL));
ALTER TABLE app.credit_movements ADD CONSTRAINT credit_movements_note
    FOREIGN KEY (tenant_id, credit_note_id) REFERENCES app.credit_notes (tenant_id, id);

-- What was given up when nobody expected an invoice to be paid any more.
ALTER TABLE app.invoices ADD COLUMN uncollectible_minor bigint CHECK (uncollectible_minor > 0);
ALTER TABLE app.invoices ADD CONSTRAINT invoices_given_up
    CHECK ((uncollectible_minor IS NULL) = (uncollectible_at IS NULL));
GRANT UPDATE (uncollectible_minor) ON app.invoices TO abono_tenant, abono_system, abono_admin;

-- Invoices before the end of a period do not belong to an instant of the subscription's story: they may share one.
ALTER TABLE app.invoices DROP CONSTRAINT invoices_instant;
CREATE UNIQUE INDEX invoices_instant ON app.invoices (tenant_id, subscription_id, issued_at)
    WHERE reason <> 'threshold';
CREATE UNIQUE INDEX invoices_threshold ON app.invoices (tenant_id, subscription_id, issued_at)
    WHERE reason = 'threshold';

-- From how much usage on a subscription is invoiced before its period ends.
CREATE TABLE app.billing_thresholds (
    tenant_id uuid NOT NULL,
    subscription_id uuid NOT NULL,
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    -- NULL: not any more.
    amount_minor bigint CHECK (amount_minor > 0),
    -- What the usage of the running period came to when it was looked at last: its count and its sum.
    seen text,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, subscription_id)
);
SELECT app.distribute('app.billing_thresholds');
SELECT app.isolate('app.billing_thresholds');
ALTER TABLE app.billing_thresholds ADD CONSTRAINT billing_thresholds_subscription
    FOREIGN KEY (tenant_id, subscription_id) REFERENCES app.subscriptions (tenant_id, id);
GRANT SELECT, INSERT, UPDATE (amount_minor, seen, recorded_at, author)
    ON app.billing_thresholds TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.billing_thresholds TO abono_finance;

-- The catalogue of credit that can be bought.
CREATE TABLE app.credit_packages (
    code text PRIMARY KEY CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$'),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    price_minor bigint NOT NULL CHECK (price_minor > 0),
    -- What is granted for it: the price is bought, what is above it is given.
    credit_minor bigint NOT NULL CHECK (credit_minor >= price_minor),
    -- For so many days; NULL is for good.
    expires_after_days int CHECK (expires_after_days BETWEEN 1 AND 36500),
    -- The lowest is used first.
    priority int NOT NULL CHECK (priority BETWEEN 0 AND 1000),
    archived_at timestamptz,
    created_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL
);
SELECT app.replicate('app.credit_packages');
GRANT SELECT ON app.credit_packages TO abono_tenant, abono_finance, abono_system, abono_admin;
GRANT INSERT, UPDATE (name, currency, price_minor, credit_minor, expires_after_days, priority, archived_at, recorded_at,
                      author)
    ON app.credit_packages TO abono_admin;

-- Each purchase, with what was agreed on: packages may change.
CREATE TABLE app.credit_purchases (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    package text NOT NULL,
    source text NOT NULL CHECK (source IN ('customer', 'top_up', 'staff')),
    status text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    price_minor bigint NOT NULL CHECK (price_minor > 0),
    credit_minor bigint NOT NULL CHECK (credit_minor >= price_minor),
    expires_after_days int CHECK (expires_after_days BETWEEN 1 AND 36500),
    priority int NOT NULL CHECK (priority BETWEEN 0 AND 1000),
    -- Which gateway takes the money, and what it calls the charge; a bank transfer's reference.
    gateway text,
    reference text CHECK (length(reference) BETWEEN 1 AND 200),
    -- Where the customer has to confirm it.
    action_url text CHECK (length(action_url) <= 2000),
    failure text CHECK (length(failure) <= 500),
    fee_minor bigint NOT NULL CHECK (fee_minor >= 0),
    grant_id uuid,
    bonus_grant_id uuid,
    requested_at timestamptz NOT NULL,
    settled_at timestamptz,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT credit_purchases_settled CHECK (
        (status = 'pending') = (settled_at IS NULL) AND (status = 'succeeded') = (grant_id IS NOT NULL)
        AND (status = 'failed') = (failure IS NOT NULL))
);
SELECT app.distribute('app.credit_purchases');
SELECT app.isolate('app.credit_purchases');
ALTER TABLE app.credit_purchases ADD CONSTRAINT credit_purchases_grant
    FOREIGN KEY (tenant_id, grant_id) REFERENCES app.credit_grants (tenant_id, id);
ALTER TABLE app.credit_purchases ADD CONSTRAINT credit_purchases_bonus
    FOREIGN KEY (tenant_id, bonus_grant_id) REFERENCES app.credit_grants (tenant_id, id);
-- Never two automatic purchases at once.
CREATE UNIQUE INDEX credit_purchases_top_up ON app.credit_purchases (tenant_id)
    WHERE source = 'top_up' AND status = 'pending';
-- A charge is one purchase.
CREATE UNIQUE INDEX credit_purchases_reference ON app.credit_purchases (tenant_id, gateway, reference)
    WHERE reference IS NOT NULL;
CREATE INDEX credit_purchases_charge ON app.credit_purchases (gateway, reference) WHERE reference IS NOT NULL;
GRANT SELECT, INSERT,
    UPDATE (status, gateway, reference, action_url, failure, fee_minor, grant_id, bonus_grant_id, settled_at)
    ON app.credit_purchases TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.credit_purchases TO abono_finance;

-- Buys a package by itself when the credit that was bought goes down.
CREATE TABLE app.top_up_rules (
    tenant_id uuid NOT NULL PRIMARY KEY,
    currency char(3) NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
    threshold_minor bigint NOT NULL CHECK (threshold_minor > 0),
    package text NOT NULL,
    -- What all automatic purchases of a month may cost.
    monthly_limit_minor bigint NOT NULL CHECK (monthly_limit_minor > 0),
    ended_at timestamptz,
    recorded_at timestamptz NOT NULL,
    author text NOT NULL
);
SELECT app.distribute('app.top_up_rules');
SELECT app.isolate('app.top_up_rules');
ALTER TABLE app.top_up_rules ADD CONSTRAINT top_up_rules_package
    FOREIGN KEY (package) REFERENCES app.credit_packages (code);
GRANT SELECT, INSERT, UPDATE (currency, threshold_minor, package, monthly_limit_minor, ended_at, recorded_at, author)
    ON app.top_up_rules TO abono_tenant, abono_system, abono_admin;
GRANT SELECT ON app.top_up_rules TO abono_finance;

-- What of a grant nobody used in time: kept by the seller, once.
ALTER TABLE app.credit_grants
    ADD COLUMN expired_at timestamptz,
    ADD COLUMN expired_minor bigint CHECK (expired_minor > 0),
    ADD CONSTRAINT credit_grants_expired CHECK (
        (expired_at IS NULL) = (expired_minor IS NULL) AND (expired_at IS NULL OR expires_at <= expired_at)
        AND expired_minor <= amount_minor);
GRANT UPDATE (expired_at, expired_minor) ON app.credit_grants TO abono_tenant, abono_system, abono_admin;
-- What will expire.
CREATE INDEX credit_grants_expiring ON app.credit_grants (expires_at, tenant_id, id)
    WHERE kind = 'prepaid' AND expires_at IS NOT NULL AND voided_at IS NULL AND expired_at IS NULL;
