#!/bin/sh
# Writes two answers into the draft of an agency's response, as a script on a server would.
# Needs curl and four variables: SAFEGUARDING_URL, CLIENT_ID, CLIENT_SECRET, AUDIT_ID.
set -eu
api="$SAFEGUARDING_URL/v1"
python=${PYTHON:-python3}

member() { "$python" -c "import json, sys; print(json.load(sys.stdin)$1)"; }

# The secret travels in the Authorization header, never in an address.
token=$(curl --silent --fail --user "$CLIENT_ID:$CLIENT_SECRET" \
    --data grant_type=client_credentials "$api/oauth/token" | member '["access_token"]')

response=$(curl --silent --fail --header "Authorization: Bearer $token" \
    "$api/audit-responses?audit_id=$AUDIT_ID" | member '["items"][0]["id"]')

# The tag of what was read: a change in between is not overwritten, but answered 412.
tag=$(curl --silent --fail --header "Authorization: Bearer $token" --output /dev/null \
    --dump-header - "$api/audit-responses/$response" |
    tr -d '\r' | sed -n 's/^[Ee][Tt]ag: //p')

curl --silent --fail-with-body --request PUT "$api/audit-responses/$response/answers" \
    --header "Authorization: Bearer $token" --header "If-Match: $tag" \
    --header "Content-Type: application/json" --data '{"answers": [
        {"question": "1.1", "grade": "2", "narrative": "The board hears a report twice a year."},
        {"question": "1.2", "grade": "3"}]}' |
    member '["answered"]' | sed 's/^/answered so far: /'
