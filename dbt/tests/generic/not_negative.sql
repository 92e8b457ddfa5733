{% test not_negative(model, columns) %}
select {{ columns | join(', ') }}
from {{ model }}
where least({{ columns | join(', ') }}) < 0
{% endtest %}
