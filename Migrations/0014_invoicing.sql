-- Invoices: what coupons and taxes did to each line, how they end, and how the billing run numbers many at once.

ALTER TABLE app.invoices
    -- What credit notes took off what is due.
    ADD COLUMN amount_credited_minor bigint NOT NULL DEFAULT 0 CHECK (amount_credited_minor >= 0),
    ADD COLUMN uncollectible_at timestamptz,
    -- How the tenant was taxed when it was made.
    ADD COLUMN tax_status text NOT NULL DEFAULT 'standard'
        CHECK (tax_status IN ('standard', 'exempt', 'reverse_charge')),
    DROP CONSTRAINT invoices_reason_check,
    DROP CONSTRAINT invoices_paid;
ALTER TABLE app.invoices ALTER COLUMN amount_credited_minor DROP DEFAULT;
ALTER TABLE app.invoices ALTER COLUMN tax_status DROP DEFAULT;
ALTER TABLE app.invoices ADD CONSTRAINT invoices_reason
    CHECK (reason IN ('start', 'cancel', 'change', 'trial_end', 'renewal', 'threshold'));
-- Money and credit notes take off what is due, and it is paid when nothing remains.
ALTER TABLE app.invoices ADD CONSTRAINT invoices_paid CHECK (
    amount_paid_minor + amount_credited_minor <= amount_due_minor
    AND (status = 'paid') = (paid_at IS NOT NULL)
    AND (status <> 'paid' OR amount_paid_minor + amount_credited_minor = amount_due_minor)
    AND (status <> 'draft' OR amount_paid_minor + amount_credited_minor = 0));
-- One that is paid after all keeps the instant at which nobody expected it any more.
ALTER TABLE app.invoices ADD CONSTRAINT invoices_uncollectible CHECK (
    (status <> 'uncollectible' OR uncollectible_at IS NOT NULL)
    AND (status NOT IN ('draft', 'open', 'void') OR uncollectible_at IS NULL));
GRANT UPDATE (amount_credited_minor, uncollectible_at) ON app.invoices TO abono_tenant, abono_system, abono_admin;

ALTER TABLE app.invoice_lines
    -- The plan in force, where the subscription has changed its version for itself; NULL: the version as it was published.
    ADD COLUMN plan_key text CHECK (length(plan_key) BETWEEN 1 AND 200),
    -- What each coupon and each tax did: [{"code": …, "amount_minor": …}].
    ADD COLUMN discounts jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(discounts) = 'array'),
    ADD COLUMN taxes jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(taxes) = 'array');
ALTER TABLE app.invoice_lines ALTER COLUMN discounts DROP DEFAULT;
ALTER TABLE app.invoice_lines ALTER COLUMN taxes DROP DEFAULT;

-- So many numbers of an entity at once, and the last of them: the row is locked once for a whole batch. NULL if less
-- than one, or more than 10,000 are asked for.
CREATE FUNCTION app.next_invoice_numbers(entity uuid, many int) RETURNS bigint
LANGUAGE sql STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    INSERT INTO app.invoice_counters AS c (legal_entity_id, last_number)
    SELECT entity, many WHERE many BETWEEN 1 AND 10000
    ON CONFLICT (legal_entity_id) DO UPDATE SET last_number = c.last_number + many
    RETURNING last_number
$$;
REVOKE ALL ON FUNCTION app.next_invoice_numbers(uuid, int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.next_invoice_numbers(uuid, int) TO abono_tenant, abono_system, abono_admin;
