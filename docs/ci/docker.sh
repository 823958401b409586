docker run --rm --read-only --tmpfs /tmp --env DNX_TOKEN deploynix/dnx:0.2.0 server list
