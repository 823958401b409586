import { Client, InMemoryTransport } from '@modelcontextprotocol/client';
