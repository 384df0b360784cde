"""Functions that do nothing but answer, by the names that each engine has for them."""

from __future__ import annotations

_SQLITE = """
-> ->> abs acos acosh asin asinh atan atan2 atanh avg bm25 ceil ceiling char coalesce concat
concat_ws cos cosh count cume_dist current_date current_time current_timestamp date datetime degrees
dense_rank exp first_value floor format glob group_concat hex highlight if ifnull iif instr json
json_array json_array_insert json_array_length json_error_position json_extract json_group_array
json_group_object json_insert json_object json_pretty json_quote json_remove json_replace
json_set json_type json_valid jsonb jsonb_array jsonb_extract jsonb_group_array jsonb_group_object
jsonb_insert jsonb_object jsonb_remove jsonb_replace jsonb_set julianday lag last_value
lead length like likelihood likely ln log log10 log2 lower ltrim match max median min mod nth_value
ntile nullif octet_length offsets percent_rank percentile percentile_cont percentile_disc pi pow
power printf quote radians random randomblob rank replace round row_number rtrim sign sin sinh
snippet soundex sqlite_version sqrt stddev strftime string_agg substr substring subtype sum tan tanh
time timediff total trim trunc typeof unhex unicode unistr unixepoch unlikely upper zeroblob
"""
_MYSQL = """
abs acos add_months adddate addtime any_value ascii asin atan atan2 avg bin bin_to_uuid bit_and
bit_count bit_length bit_or bit_xor cast ceil ceiling char_length character_length charset chr
coalesce coercibility collation compress concat concat_ws connection_id conv convert convert_tz cos
cot count crc32 crc32c cume_dist curdate current_date current_role current_time current_timestamp
current_user curtime database date_add date_diff date_format date_sub datediff dayname dayofmonth
dayofweek dayofyear degrees dense_rank elt exp export_set extract extractvalue field find_in_set
first_value floor format format_bytes format_pico_time found_rows from_base64 from_days
from_unixtime get_format greatest group_concat grouping hex hour if ifnull inet6_aton inet6_ntoa
inet_aton inet_ntoa insert instr is_ipv4 is_ipv4_compat is_ipv4_mapped is_ipv6 is_uuid isnull
json_array json_array_append json_array_insert json_arrayagg json_compact json_contains
json_contains_path json_depth json_detailed json_equals json_exists json_extract json_insert
json_keys json_length json_loose json_merge json_merge_patch json_merge_preserve json_normalize
json_object json_objectagg json_overlaps json_pretty json_query json_quote json_remove json_replace
json_search json_set json_storage_size json_table json_type json_unquote json_valid json_value lag
last_day last_value lcase lead least length lengthb ln localtime localtimestamp locate log log10
log2 lower lpad ltrim make_set makedate maketime max md5 median microsecond mid min minute month
monthname natural_sort_key now nth_value ntile nullif nvl nvl2 oct octet_length ord percent_rank
percentile_cont percentile_disc period_add period_diff pi position pow power quarter quote radians
rand random_bytes rank regexp_instr regexp_like regexp_replace regexp_substr repeat replace reverse
round row_count row_number rpad rtrim schema sec_to_time second session_user sformat sha sha1 sha2
sign sin soundex space sqrt std stddev stddev_pop stddev_samp str_to_date strcmp subdate substr
substring substring_index subtime sum sysdate system_user tan time_format time_to_sec timediff
timestamp timestampadd timestampdiff to_base64 to_char to_days to_seconds trim truncate ucase
uncompress uncompressed_length unhex unix_timestamp updatexml upper user utc_date utc_time
utc_timestamp uuid uuid_short uuid_to_bin value var_pop var_samp variance version week weekday
weekofyear weight_string yearweek
"""
_MYSQL_NO_CALLS = """
against all and any array as between binary by case char character columns cross cube data date
datetime day decimal default distinct distinctrow div double else except exists float for from full
group having in index inner integer intersect interval is join json json_table key lateral left
like limit match mod natural nested not nchar null offset on or order ordinality outer over
partition path real recursive regexp return right rlike rollup row rows select set signed some
straight_join table then time union unique unsigned using values varchar when where window with
xor year
"""

SQLITE = frozenset(_SQLITE.split())
MYSQL = frozenset(_MYSQL.split())
#: Words before a parenthesis that call nothing.
MYSQL_NO_CALLS = frozenset(_MYSQL_NO_CALLS.split())
