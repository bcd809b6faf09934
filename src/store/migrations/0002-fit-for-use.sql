-- What *Fit for use* adds. A column of a ledger table is NULL in rows that no entry gave it.

ALTER TABLE product ADD COLUMN grace_s INT;
ALTER TABLE product ADD COLUMN claims_an_hour INT;
ALTER TABLE product ADD COLUMN keys INT;
