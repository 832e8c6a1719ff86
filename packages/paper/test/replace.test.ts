import { afterEach, describe, expect, test } from "vitest";
import { createPaper, type Paper, type PaperOptions } from "../src/index.ts";
import { RestClient, SocketClient, signedParams } from "./client.ts";

const papers: Paper[] = [];
const sockets: SocketClient[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await Promise.all(papers.splice(0).map((paper) => paper.close()));
});

type Fields = Record<string, string | number>;

async function setUp(options: PaperOptions = {}) {
  const paper = await createPaper({ market: false, ...options });
  papers.push(paper);
  const rest = new RestClient(paper);
  const replace = (fields: Fields) =>
    rest.signed("POST", "order/cancelReplace", {
      symbol: "AAAUSDT",
      side: "BUY",
      type: "LIMIT",
      timeInForce: "GTC",
      quantity: "1",
      price: "51",
      cancelReplaceMode: "STOP_ON_FAILURE",
      ...fields,
    });
  const amend = (fields: Fields) => rest.signed("PUT", "order/amend/keepPriority", { symbol: "AAAUSDT", ...fields });
  const openIds = async () =>
    (await rest.signed("GET", "openOrders", { symbol: "AAAUSDT" })).body.map(
      ({ clientOrderId }: { clientOrderId: string }) => clientOrderId,
    );
  return { paper, rest, replace, amend, openIds };
}

describe("cancel-replace", () => {
  test("cancels and places, and answers with both", async () => {
    const { rest, replace, openIds } = await setUp();
    await rest.place({ newClientOrderId: "old" });
    const { status, body, headers } = await replace({
      cancelOrigClientOrderId: "old",
      cancelNewClientOrderId: "bye",
      newClientOrderId: "new",
    });
    expect(status).toBe(200);
    expect(headers.get("x-mbx-used-weight-1m")).toBe("0");
    expect(headers.get("x-mbx-order-count-10s")).toBe("2");
    expect(body).toMatchObject({
      cancelResult: "SUCCESS",
      newOrderResult: "SUCCESS",
      cancelResponse: { status: "CANCELED", clientOrderId: "bye", origClientOrderId: "old" },
      newOrderResponse: { status: "NEW", clientOrderId: "new", price: "51.00000000", fills: [] },
    });
    expect(await openIds()).toEqual(["new"]);
  });

  const gone = { cancelOrderId: 999 };
  const refused = { type: "LIMIT_MAKER", timeInForce: undefined, price: "101" }; // would take
  test.each([
    ["STOP_ON_FAILURE", gone, {}, 400, -2022, ["old", "ask"]],
    ["ALLOW_FAILURE", gone, {}, 409, -2021, ["old", "ask", "new"]],
    ["STOP_ON_FAILURE", { cancelOrigClientOrderId: "old" }, refused, 409, -2021, ["ask"]],
    ["ALLOW_FAILURE", { cancelOrigClientOrderId: "old" }, refused, 409, -2021, ["ask"]],
    ["ALLOW_FAILURE", gone, refused, 400, -2022, ["old", "ask"]],
  ] as const)(
    "%s, cancelling %j and placing %j, answers %i with %i",
    async (mode, which, order, status, code, open) => {
      const { rest, replace, openIds } = await setUp();
      await rest.place({ newClientOrderId: "old" });
      await rest.place({ side: "SELL", price: "101", newClientOrderId: "ask" });
      const fields = Object.fromEntries(
        Object.entries({
          cancelReplaceMode: mode,
          newClientOrderId: "new",
          timeInForce: "GTC",
          ...which,
          ...order,
        }).filter(([, value]) => value !== undefined),
      ) as Fields;
      const answer =
        order === refused
          ? await rest.signed("POST", "order/cancelReplace", {
              symbol: "AAAUSDT",
              side: "BUY",
              quantity: "1",
              ...fields,
            })
          : await replace(fields);
      expect(answer).toMatchObject({ status, body: { code } });
      expect(await openIds()).toEqual(open);
    },
  );

  test.each([
    ["STOP_ON_FAILURE", { cancelOrigClientOrderId: "old" }, 429, -2021, []],
    ["STOP_ON_FAILURE", gone, 429, -2022, ["old"]],
    ["ALLOW_FAILURE", { cancelOrigClientOrderId: "old" }, 409, -2021, []],
    ["ALLOW_FAILURE", gone, 400, -2022, ["old"]],
  ] as const)(
    "over the order count, CANCEL_ONLY and %s, cancelling %j answers %i with %i",
    async (mode, which, status, code, open) => {
      const { rest, replace, openIds } = await setUp({ limits: { ordersPer10Seconds: 1 } });
      await rest.place({ newClientOrderId: "old" });
      const fields = { cancelReplaceMode: mode, ...which };
      expect(await replace(fields)).toMatchObject({ status: 429, body: { code: -1015 } }); // DO_NOTHING
      expect(await openIds()).toEqual(["old"]);
      const answer = await replace({ ...fields, orderRateLimitExceededMode: "CANCEL_ONLY" });
      expect(answer).toMatchObject({ status, body: { code } });
      expect(await openIds()).toEqual(open);
    },
  );

  test.each([
    ["no order to cancel", {}, -1102],
    ["another mode", { cancelOrderId: 1, cancelReplaceMode: "MAYBE" }, -1130],
    ["another excess mode", { cancelOrderId: 1, orderRateLimitExceededMode: "MAYBE" }, -1130],
    ["a new order that its filters refuse", { cancelOrderId: 1, price: "50.001" }, -1013],
  ])("refuses %s before anything is done", async (_what, fields, code) => {
    const { rest, replace, openIds } = await setUp();
    await rest.place({ newClientOrderId: "old" });
    expect(await replace(fields)).toMatchObject({ status: 400, body: { code } });
    expect(await openIds()).toEqual(["old"]);
  });

  test("spares an order that its restrictions spare", async () => {
    const { rest, replace, openIds } = await setUp();
    await rest.place({ newClientOrderId: "old" });
    const fields = { cancelOrigClientOrderId: "old", cancelRestrictions: "ONLY_PARTIALLY_FILLED" };
    expect(await replace(fields)).toMatchObject({ status: 400, body: { code: -2022 } });
    expect(await openIds()).toEqual(["old"]);
  });
});

describe("an amendment", () => {
  test("answers with names of its own, and is kept in the order's history", async () => {
    const { rest, amend } = await setUp();
    const { body: order } = await rest.place({ quantity: "5", newClientOrderId: "first" });
    const { body, headers } = await amend({ orderId: order.orderId, newQty: "3", newClientOrderId: "second" });
    expect(headers.get("x-mbx-used-weight-1m")).toBe("4");
    expect(headers.get("x-mbx-order-count-10s")).toBeNull();
    expect(body).toEqual({
      transactTime: expect.any(Number),
      executionId: 2,
      amendedOrder: {
        symbol: "AAAUSDT",
        orderId: order.orderId,
        orderListId: -1,
        origClientOrderId: "first",
        clientOrderId: "second",
        price: "50.00000000",
        qty: "3.00000000",
        executedQty: "0.00000000",
        preventedQty: "0.00000000",
        quoteOrderQty: "0.00000000",
        cumulativeQuoteQty: "0.00000000",
        status: "NEW",
        timeInForce: "GTC",
        type: "LIMIT",
        side: "BUY",
        workingTime: order.workingTime,
        selfTradePreventionMode: "EXPIRE_MAKER",
      },
    });
    await amend({ origClientOrderId: "second", newQty: "2", newClientOrderId: "second" });
    const ids = { symbol: "AAAUSDT", orderId: order.orderId };
    const { body: history } = await rest.signed("GET", "order/amendments", ids);
    expect(history).toMatchObject([
      {
        symbol: "AAAUSDT",
        orderId: order.orderId,
        executionId: 2,
        origClientOrderId: "first",
        newClientOrderId: "second",
        origQty: "5.00000000",
        newQty: "3.00000000",
      },
      { executionId: 3, origClientOrderId: "second", newClientOrderId: "second", newQty: "2.00000000" },
    ]);
    const later = await rest.signed("GET", "order/amendments", { ...ids, fromExecutionId: 3 });
    expect(later.body).toEqual(history.slice(1));
  });

  test("works over the WebSocket API, and is told of", async () => {
    const { paper, rest } = await setUp();
    const socket = await SocketClient.open(paper.urls.wsApi);
    sockets.push(socket);
    await socket.ask("s", "userDataStream.subscribe.signature", signedParams(paper));
    await rest.place({ quantity: "5", newClientOrderId: "first" });
    const params = { symbol: "AAAUSDT", origClientOrderId: "first", newQty: "3", newClientOrderId: "second" };
    const { result } = await socket.ask(1, "order.amend.keepPriority", signedParams(paper, params));
    expect(result.amendedOrder).toMatchObject({ qty: "3.00000000" });
    const [event] = await socket.until(({ event: e }) => e?.x === "REPLACED");
    expect(event.event).toMatchObject({ X: "NEW", c: "second", C: "first", q: "3.00000000", w: true });
    const ids = { symbol: "AAAUSDT", orderId: result.amendedOrder.orderId };
    expect((await socket.ask(2, "order.amendments", signedParams(paper, ids))).result).toHaveLength(1);
  });

  test("of a leg tells the list", async () => {
    const { rest, amend } = await setUp();
    const { body } = await rest.signed("POST", "orderList/oco", {
      symbol: "AAAUSDT",
      side: "SELL",
      quantity: "2",
      aboveType: "LIMIT_MAKER",
      abovePrice: "110",
      belowType: "STOP_LOSS",
      belowStopPrice: "95",
    });
    const answer = await amend({ orderId: body.orders[1].orderId, newQty: "1", newClientOrderId: "smaller" });
    expect(answer.body.listStatus).toEqual({
      orderListId: 0,
      contingencyType: "OCO",
      listOrderStatus: "EXECUTING",
      listClientOrderId: body.listClientOrderId,
      symbol: "AAAUSDT",
      orders: [body.orders[0], { ...body.orders[1], clientOrderId: "smaller" }],
    });
    const { body: open } = await rest.signed("GET", "openOrders", { symbol: "AAAUSDT" });
    expect(open.map(({ origQty }: { origQty: string }) => origQty)).toEqual(["1.00000000", "1.00000000"]);
  });

  test.each([
    ["as large as it is", { newQty: "5" }, "The requested action would change no state; rejecting"],
    ["larger", { newQty: "6" }, "Order amend (quantity increase) is not supported."],
    ["an order that is not there", { orderId: 77, newQty: "1" }, "Unknown order sent."],
    ["with the id of another", { newQty: "1", newClientOrderId: "other" }, "Duplicate order sent."],
  ])("is refused: %s", async (_what, fields, msg) => {
    const { rest, amend } = await setUp();
    await rest.place({ quantity: "5" });
    await rest.place({ newClientOrderId: "other" });
    expect(await amend({ orderId: 1, ...fields })).toMatchObject({ status: 400, body: { code: -2038, msg } });
  });

  test("is refused where the filters refuse it, and the 11th time", async () => {
    const { rest, amend } = await setUp();
    await rest.place({ quantity: "5" });
    expect((await amend({ orderId: 1, newQty: "0.05" })).body).toEqual({
      code: -1013,
      msg: "Filter failure: NOTIONAL",
    });
    for (let i = 1; i <= 10; i++) expect((await amend({ orderId: 1, newQty: `${5 - i / 10}` })).status).toBe(200);
    expect((await amend({ orderId: 1, newQty: "3" })).body).toEqual({
      code: -2038,
      msg: "Filter failure: MAX_NUM_ORDER_AMENDS",
    });
  });

  test("that ends the order weighs nothing", async () => {
    const { rest, amend } = await setUp();
    await rest.place({ quantity: "5" });
    await rest.place({ side: "SELL", price: "50", quantity: "2", selfTradePreventionMode: "NONE" });
    const { body, headers } = await amend({ orderId: 1, newQty: "2" });
    expect(body.amendedOrder).toMatchObject({ status: "EXPIRED", executedQty: "2.00000000", qty: "2.00000000" });
    expect(headers.get("x-mbx-used-weight-1m")).toBe("0");
  });
});
