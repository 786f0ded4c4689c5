// Vercel's AI SDK with its own MCP client.

import { createMCPClient } from "@ai-sdk/mcp";
import { Experimental_StdioMCPTransport as Stdio } from "@ai-sdk/mcp/mcp-stdio";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, stepCountIs } from "ai";

const [, url] = process.argv.slice(2);
const [command, ...args] = JSON.parse(process.env.COMPAT_COMMAND);
const model = createOpenAI({ baseURL: url, apiKey: "x" }).responses("gpt-5.4");
const client = await createMCPClient({ transport: new Stdio({ command, args }) });
const tools = await client.tools();
for (const kind of process.env.COMPAT_KINDS.split(" ")) {
  const prompt = `Call the tool ${kind}.`;
  await generateText({ model, tools, prompt, stopWhen: stepCountIs(5), maxRetries: 0 }).catch((error) =>
    console.error(error),
  );
}
await client.close();
