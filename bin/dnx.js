#!/usr/bin/env node
'use strict';

require('../dist/dnx.js').run(process);
