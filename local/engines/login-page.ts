import type { TestUser } from '../users.ts'

/** The sign-in page: one button for each test user. It loads nothing from elsewhere. */
export function loginPage(uid: string, users: readonly TestUser[]): string {
  const buttons = users
    .map(({ sub, groups }) => {
      const role = groups.length === 0 ? 'buyer and seller' : groups.join(', ')
      return `<button name="user" value="${escape(sub)}"><strong>${escape(sub)}</strong><span>${escape(role)}</span></button>`
    })
    .join('\n')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in · local issuer</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { display: grid; min-height: 100vh; margin: 0; place-items: center; }
main { width: min(22rem, 90vw); }
h1 { font-size: 1.25rem; margin: 0 0 .25rem; }
p { margin: 0 0 1rem; opacity: .75; }
button { display: flex; justify-content: space-between; width: 100%; margin: 0 0 .5rem; padding: .7rem 1rem;
  font: inherit; border: 1px solid color-mix(in srgb, currentColor 30%, transparent); border-radius: .5rem;
  background: none; color: inherit; cursor: pointer; }
button:hover, button:focus-visible { border-color: currentColor; }
span { opacity: .7; }
</style>
</head>
<body>
<main>
<h1>Sign in</h1>
<p>This issuer runs on this machine only. Choose who you are.</p>
<form method="post" action="/interaction/${escape(uid)}">
${buttons}
</form>
</main>
</body>
</html>
`
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
