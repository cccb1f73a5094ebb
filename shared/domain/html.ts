const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text as it may stand in HTML, between tags or in an attribute. */
export const escapeHtml = (plain: string): string => plain.replace(/[&<>"']/g, (character) => escapes[character] ?? '')
