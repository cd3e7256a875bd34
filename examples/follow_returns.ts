// Says where an agency's returns stand, page by page, as a front end would.
// Needs Node.js 20 and three variables: SAFEGUARDING_URL, CLIENT_ID, CLIENT_SECRET.

declare const process: { env: Record<string, string | undefined> };

interface Page<T> {
  items: T[];
  next_cursor: string | null;
}

interface AuditResponse {
  id: string;
  status: string;
  revision: number;
  allowed_transitions: string[];
}

function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set.`);
  return value;
}

const api = `${setting("SAFEGUARDING_URL")}/v1`;

async function token(): Promise<string> {
  const credentials = btoa(`${setting("CLIENT_ID")}:${setting("CLIENT_SECRET")}`);
  const answer = await fetch(`${api}/oauth/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${credentials}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  if (!answer.ok) throw new Error(`No token: ${answer.status}.`);
  return ((await answer.json()) as { access_token: string }).access_token;
}

async function* responses(bearer: string): AsyncGenerator<AuditResponse> {
  let cursor: string | null = null;
  do {
    const query: string = cursor === null ? "" : `?cursor=${cursor}`;
    const answer = await fetch(`${api}/audit-responses${query}`, {
      headers: { Authorization: `Bearer ${bearer}` },
    });
    if (!answer.ok) throw new Error(`Not read: ${answer.status}.`);
    const page = (await answer.json()) as Page<AuditResponse>;
    yield* page.items;
    cursor = page.next_cursor;
  } while (cursor !== null);
}

for await (const response of responses(await token())) {
  console.log(`${response.status}, revision ${response.revision}`);
}

export {};
