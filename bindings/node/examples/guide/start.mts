// Does for the guide's ability what the system does on OpenHarmony.

import { createContext, startAbility } from 'dkv';

import EntryAbility from './EntryAbility.mjs';

startAbility(EntryAbility, createContext(process.argv[2]));
