-- The customers that [[ if fills "customers" ]]files[[ if derives "customers" ]] or [[ end ]][[ end ]][[ if derives "customers" ]]sales lines[[ end ]] describe, cleaned: the latest record of each.
with

[[ if fills "customers" -]]
records as (
    select
        [[ text "customers" "customer_id" ]],
        [[ text "customers" "first_name" ]],
        [[ text "customers" "last_name" ]],
        [[ text "customers" "full_name" ]],
        [[ text "customers" "email" ]],
        [[ text "customers" "phone" ]],
        [[ text "customers" "gender" ]],
        birth_date,
        [[ text "customers" "address" ]],
        [[ text "customers" "city" ]],
        [[ text "customers" "state" ]],
        [[ text "customers" "postal_code" ]],
        [[ text "customers" "country" ]],
        [[ text "customers" "segment" ]],
        signup_date,
        updated_at,
        _source_file,
        _source_row
    from {{ ref('customers') }}
),

ranked as (
    -- The latest change wins, then the latest sign-up, then what stands last in the files.
    select
        *,
        row_number() over (
            partition by customer_id
            order by
                [[- if maps "customers" "updated_at" ]] updated_at desc nulls last,[[ end ]]
                [[- if maps "customers" "signup_date" ]] signup_date desc nulls last,[[ end ]] [[ newestFirst "customers" ]]
        ) as place
    from records
    where customer_id is not null
),

[[ end -]]
[[ if derives "customers" -]]
[[ $given := attributes "customers" -]]
lines as (
    select
        {{ clean_text('customer_id') }} as customer_id,
        [[- range $given ]][[ if ne . "updated_at" ]]
        [[ if isText "customers" . ]]{{ clean_text('[[ . ]]') }} as [[ end ]][[ . ]],
        [[- end ]][[ end ]]
        updated_at,
        _source_file,
        _source_row
    from {{ ref('[[ lines "customers" ]]') }}
),

aged as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by updated_at nulls first, [[ recordOrder "sales" ]]
        ) as age
    from lines
    where customer_id is not null
),

described as (
    -- What the lines say of a customer: of each column the latest value that is given.
    select
        customer_id,
        [[- range columns "customers" ]]
        [[ if eq . "updated_at" ]]max(updated_at)
        [[- else if not (has $given .) ]]cast(null as [[ type "customers" . ]])
        [[- else if or (eq . "email") (eq . "phone") ]]max_by([[ . ]], age) filter (where {{ [[ . ]]('[[ . ]]') }} is not null)
        [[- else ]]max_by([[ . ]], age) filter (where [[ . ]] is not null)
        [[- end ]] as [[ . ]][[ comma "customers" . ]]
        [[- end ]]
    from aged
    group by customer_id
),

[[ end -]]
known as (
    [[- if fills "customers" ]]
    select
        customer_id,
        [[ list "customers" ]],
        false as is_inferred
    from ranked
    where place = 1
    [[- if derives "customers" ]]

    union all

    -- Lines describe only customers that no file has, and these are one only if a line can be used.
    select
        customer_id,
        [[ list "customers" ]],
        true as is_inferred
    from described
    where not exists (select 1 from ranked where ranked.customer_id = described.customer_id)
    [[- end ]]
    [[- else if derives "customers" ]]
    select
        customer_id,
        [[ list "customers" ]],
        false as is_inferred
    from described
    [[- else ]]
    -- No file and no line tells of any.
    select
        customer_id,
        [[ list "customers" ]],
        false as is_inferred
    from {{ ref('customers') }}
    [[- end ]]
)

select
    known.customer_id,
    known.first_name,
    known.last_name,
    coalesce(known.full_name, nullif(concat_ws(' ', known.first_name, known.last_name), '')) as full_name,
    {{ email('known.email') }} as email,
    {{ phone('known.phone') }} as phone,
    known.gender,
    known.birth_date,
    known.address,
    known.city,
    known.state,
    known.postal_code,
    coalesce(spelling.country, known.country) as country,
    spelling.country_code,
    known.segment,
    known.signup_date,
    known.is_inferred,
    known.updated_at
from known
left join {{ ref('country_spellings') }} as spelling
    on spelling.spelling_key = {{ country_key('known.country') }}
