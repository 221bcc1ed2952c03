-- One row per customer: the latest record wins. A key that only a sale names has a
-- row of its own, so that no sale loses its customer.
with

buyers as (
    select distinct customer_id from {{ ref('fact_sales') }}
    where customer_id is not null
),

newest as (
    select max(order_date) as order_date from {{ ref('fact_sales') }}
)

select
    coalesce(known.customer_id, buyers.customer_id) as customer_id,
    known.first_name,
    known.last_name,
    known.full_name,
    known.email,
    known.phone,
    known.gender,
    case when known.birth_date > newest.order_date then null else known.birth_date end as birth_date,
    known.address,
    known.city,
    known.state,
    known.postal_code,
    known.country,
    known.country_code,
    known.segment,
    known.signup_date,
    coalesce(known.is_inferred, true) as is_inferred,
    known.updated_at
from {{ ref('int_customers') }} as known
full outer join buyers on buyers.customer_id = known.customer_id
cross join newest
[[- if and (fills "customers") (derives "customers") ]]
where not known.is_inferred or buyers.customer_id is not null
[[- end ]]
