// Everything here only enhances pages that work without it.
import { watchKeys } from "./keyboard.js";
import { linkRows } from "./rows.js";
import { switchAtOnce } from "./preferences.js";
import { keepDrafts } from "./drafts.js";
import { helpForms } from "./forms.js";
import { checkLines } from "./lines.js";
import { watchDownloads } from "./download.js";
import { sendLongSearches } from "./search.js";

watchKeys();
linkRows();
switchAtOnce();
helpForms();
keepDrafts();
checkLines();
sendLongSearches();
watchDownloads();
