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

/** A market that stands still but for the test's own orders, with a last trade of AAAUSDT at 100. */
async function setUp(options: PaperOptions = {}) {
  const paper = await createPaper({ market: false, ...options });
  papers.push(paper);
  const rest = new RestClient(paper);
  const trade = async (price: string, quantity = "1") => {
    await rest.place({ side: "SELL", price, quantity, selfTradePreventionMode: "NONE" });
    await rest.place({ side: "BUY", price, quantity, selfTradePreventionMode: "NONE" });
  };
  await trade("100");
  const list = (kind: string, fields: Fields) =>
    rest.signed("POST", `orderList/${kind}`, { symbol: "AAAUSDT", ...fields });
  return { paper, rest, trade, list };
}

const OCO: Fields = {
  side: "SELL",
  quantity: "2",
  aboveType: "LIMIT_MAKER",
  abovePrice: "110",
  belowType: "STOP_LOSS_LIMIT",
  belowPrice: "94",
  belowStopPrice: "95",
  belowTimeInForce: "GTC",
};
const WORKING: Fields = {
  workingType: "LIMIT",
  workingSide: "BUY",
  workingPrice: "90",
  workingQuantity: "1",
  workingTimeInForce: "GTC",
};
const PENDING: Fields = { pendingType: "LIMIT_MAKER", pendingSide: "SELL", pendingPrice: "120" };
const PAIR: Fields = {
  pendingSide: "SELL",
  pendingAboveType: "LIMIT_MAKER",
  pendingAbovePrice: "120",
  pendingBelowType: "STOP_LOSS",
  pendingBelowStopPrice: "80",
};

describe("placing", () => {
  test("an OCO answers with the list and both orders, the stop loss first", async () => {
    const { rest, list } = await setUp();
    const { status, body, headers } = await list("oco", {
      ...OCO,
      listClientOrderId: "pair",
      aboveClientOrderId: "profit",
      belowClientOrderId: "loss",
      newOrderRespType: "RESULT",
    });
    expect(status).toBe(200);
    expect(headers.get("x-mbx-order-count-10s")).toBe("2"); // the two that made the last trade gave back theirs
    const [lossId, profitId] = [3, 4];
    expect(body).toMatchObject({
      orderListId: 0,
      contingencyType: "OCO",
      listStatusType: "EXEC_STARTED",
      listOrderStatus: "EXECUTING",
      listClientOrderId: "pair",
      symbol: "AAAUSDT",
      orders: [
        { symbol: "AAAUSDT", orderId: lossId, clientOrderId: "loss" },
        { symbol: "AAAUSDT", orderId: profitId, clientOrderId: "profit" },
      ],
    });
    expect(body.orderReports).toMatchObject([
      {
        orderId: lossId,
        orderListId: 0,
        type: "STOP_LOSS_LIMIT",
        status: "NEW",
        stopPrice: "95.00000000",
        workingTime: -1,
      },
      { orderId: profitId, orderListId: 0, type: "LIMIT_MAKER", status: "NEW", price: "110.00000000" },
    ]);
    expect(body.orderReports[1].workingTime).toBe(body.transactionTime);
    expect((await rest.signed("GET", "account")).body.balances).toContainEqual({
      asset: "AAA",
      free: expect.any(String),
      locked: "2.00000000", // once for both
    });
  });

  test("an OTO whose working order fills at once still shows the pending one as pending", async () => {
    const { rest, list } = await setUp();
    await rest.place({ side: "SELL", price: "90", quantity: "1" });
    const { body } = await list("oto", {
      ...WORKING,
      ...PENDING,
      pendingQuantity: "1",
      selfTradePreventionMode: "NONE",
    });
    expect(body).toMatchObject({
      contingencyType: "OTO",
      listStatusType: "EXEC_STARTED",
      listOrderStatus: "EXECUTING",
    });
    expect(body.orderReports).toMatchObject([
      { status: "FILLED", executedQty: "1.00000000" },
      { status: "PENDING_NEW", executedQty: "0.00000000", workingTime: -1, origQty: "1.00000000" },
    ]);
    expect(body.orderReports[0].fills).toHaveLength(1);
    const { body: pending } = await rest.signed("GET", "order", { symbol: "AAAUSDT", orderId: body.orders[1].orderId });
    expect(pending).toMatchObject({ status: "NEW", isWorking: true, orderListId: 0 });
  });

  test("an OTO whose working order cannot fill is done at once", async () => {
    const { list } = await setUp();
    const { body } = await list("oto", { ...WORKING, ...PENDING, pendingQuantity: "1", workingTimeInForce: "FOK" });
    expect(body).toMatchObject({ listStatusType: "ALL_DONE", listOrderStatus: "ALL_DONE" });
    expect(body.orderReports).toMatchObject([
      { status: "EXPIRED", expiryReason: "UNFILLED_FOK_ORDER_EXPIRED" },
      { status: "EXPIRED", expiryReason: "OTO_PHASE_ONE_EXPIRED" },
    ]);
  });

  test("an OTOCO, an OPO and an OPOCO count 3, 2 and 3 orders and are kinds of OTO", async () => {
    const { rest, list } = await setUp();
    const count = async () => (await rest.signed("GET", "rateLimit/order")).body[0].count as number;
    const before = await count();
    const otoco = await list("otoco", { ...WORKING, ...PAIR, pendingQuantity: "1" });
    expect(otoco.body).toMatchObject({ contingencyType: "OTO" });
    expect(otoco.body.orderReports).toMatchObject([
      { status: "NEW" },
      { status: "PENDING_NEW", type: "STOP_LOSS" },
      { status: "PENDING_NEW", type: "LIMIT_MAKER" },
    ]);
    expect((await count()) - before).toBe(3);
    const opo = await list("opo", { ...WORKING, ...PENDING });
    expect(opo.body.orderReports[1]).not.toHaveProperty("origQty"); // not known yet
    expect((await count()) - before).toBe(5);
    const opoco = await list("opoco", { ...WORKING, ...PAIR });
    expect(opoco.body.orderReports).toHaveLength(3);
    expect((await count()) - before).toBe(8);
  });

  test("works over the WebSocket API", async () => {
    const { paper } = await setUp();
    const socket = await SocketClient.open(paper.urls.wsApi);
    sockets.push(socket);
    const { result } = await socket.ask(1, "orderList.place.oco", signedParams(paper, { symbol: "AAAUSDT", ...OCO }));
    const ids = { orderListId: result.orderListId };
    const { result: found } = await socket.ask(2, "orderList.status", signedParams(paper, ids));
    expect(found).toMatchObject({ orderListId: 0, listOrderStatus: "EXECUTING" });
    expect((await socket.ask(3, "openOrderLists.status", signedParams(paper))).result).toEqual([found]);
    const cancel = await socket.ask(4, "orderList.cancel", signedParams(paper, { symbol: "AAAUSDT", ...ids }));
    expect(cancel.result).toMatchObject({ listStatusType: "ALL_DONE", listOrderStatus: "ALL_DONE" });
    expect((await socket.ask(5, "allOrderLists", signedParams(paper))).result).toMatchObject([
      { orderListId: 0, listOrderStatus: "ALL_DONE" },
    ]);
  });
});

describe("cancelling", () => {
  test("one leg cancels the list and answers with it", async () => {
    const { rest, list } = await setUp();
    const { body } = await list("oco", { ...OCO, aboveClientOrderId: "profit" });
    const cancel = { symbol: "AAAUSDT", origClientOrderId: "profit", newClientOrderId: "bye" };
    const { body: canceled } = await rest.signed("DELETE", "order", cancel);
    expect(canceled).toMatchObject({ orderListId: body.orderListId, listStatusType: "ALL_DONE", orders: body.orders });
    expect(canceled.orderReports).toMatchObject([
      { status: "CANCELED", clientOrderId: "bye", origClientOrderId: body.orders[0].clientOrderId },
      { status: "CANCELED", clientOrderId: "bye", origClientOrderId: "profit" },
    ]);
    expect((await rest.signed("GET", "openOrders", { symbol: "AAAUSDT" })).body).toEqual([]);
  });

  test("everything answers with orders and lists", async () => {
    const { rest, list } = await setUp();
    await rest.place();
    await list("oco", OCO);
    const { body } = await rest.signed("DELETE", "openOrders", { symbol: "AAAUSDT" });
    expect(body).toMatchObject([{ status: "CANCELED", orderListId: -1 }, { listOrderStatus: "ALL_DONE" }]);
    expect(body[1].orderReports).toHaveLength(2);
  });

  test("by either id of the list, and never twice", async () => {
    const { rest, list } = await setUp();
    await list("oco", { ...OCO, listClientOrderId: "pair" });
    const unknown = { status: 400, body: { code: -2011, msg: "Unknown order list sent." } };
    const cancel = (fields: Fields) => rest.signed("DELETE", "orderList", { symbol: "AAAUSDT", ...fields });
    expect(await cancel({ orderListId: 9 })).toMatchObject(unknown);
    expect(await cancel({ orderListId: 0, listClientOrderId: "other" })).toMatchObject(unknown);
    expect(await rest.signed("DELETE", "orderList", { symbol: "BBBUSDT", orderListId: 0 })).toMatchObject(unknown);
    expect((await cancel({})).body.code).toBe(-1102);
    expect((await cancel({ listClientOrderId: "pair" })).status).toBe(200);
    expect(await cancel({ listClientOrderId: "pair" })).toMatchObject(unknown);
  });
});

describe("reading", () => {
  test("finds lists by id, by client id, open ones and all of them", async () => {
    const { rest, list } = await setUp();
    await list("oco", { ...OCO, listClientOrderId: "first" });
    await list("oto", { ...WORKING, ...PENDING, pendingQuantity: "1", listClientOrderId: "second" });
    await rest.signed("DELETE", "orderList", { symbol: "AAAUSDT", orderListId: 0 });
    const get = (path: string, fields: Fields = {}) => rest.signed("GET", path, fields);
    expect((await get("orderList", { orderListId: 0 })).body).toMatchObject({ listClientOrderId: "first" });
    expect((await get("orderList", { origClientOrderId: "second" })).body).toMatchObject({ orderListId: 1 });
    expect((await get("orderList", { orderListId: 7 })).body).toEqual({
      code: -2018,
      msg: "Order list does not exist.",
    });
    const idsOf = (rows: { orderListId: number }[]) => rows.map(({ orderListId }) => orderListId);
    expect(idsOf((await get("openOrderList")).body)).toEqual([1]);
    expect(idsOf((await get("allOrderList")).body)).toEqual([0, 1]);
    expect(idsOf((await get("allOrderList", { fromId: 1 })).body)).toEqual([1]);
    expect((await get("allOrderList", { fromId: 1, startTime: 1 })).body.code).toBe(-1128);
  });
});

test("tells its account of the list and of every leg, in order", async () => {
  const { paper, rest, trade, list } = await setUp();
  const socket = await SocketClient.open(paper.urls.wsApi);
  sockets.push(socket);
  await socket.ask("s", "userDataStream.subscribe.signature", signedParams(paper));
  const { body } = await list("oco", { ...OCO, aboveClientOrderId: "profit", belowClientOrderId: "loss" });
  await trade("95");
  await rest.signed("DELETE", "order", { symbol: "AAAUSDT", orderId: body.orders[0].orderId });
  await socket.until(({ event }) => event?.e === "listStatus" && event.l === "ALL_DONE");
  const events = socket.messages.map(({ event }) => event).filter((event) => event?.g === 0);
  expect(events.map(({ e, x, X, l, i }) => [e, x ?? l, X ?? "", i])).toEqual([
    ["executionReport", "NEW", "NEW", body.orders[0].orderId],
    ["executionReport", "NEW", "NEW", body.orders[1].orderId],
    ["listStatus", "EXEC_STARTED", "", undefined],
    ["executionReport", "EXPIRED", "EXPIRED", body.orders[1].orderId],
    ["executionReport", "NEW", "NEW", body.orders[0].orderId],
    ["executionReport", "CANCELED", "CANCELED", body.orders[0].orderId],
    ["listStatus", "ALL_DONE", "", undefined],
  ]);
  expect(events[3]).toMatchObject({ eR: "OCO_TRIGGER", r: "NONE", w: false });
  expect(events[2]).toMatchObject({
    s: "AAAUSDT",
    c: "OCO",
    L: "EXECUTING",
    r: "NONE",
    O: [
      { s: "AAAUSDT", i: body.orders[0].orderId, c: "loss" },
      { s: "AAAUSDT", i: body.orders[1].orderId, c: "profit" },
    ],
  });
});

describe("refuses, in the venue's words,", () => {
  const notRequired = (name: string) => ({ code: -1106, msg: `Parameter '${name}' sent when not required.` });
  test.each([
    ["oco", { aboveType: "LIMIT" }, { code: -1158, msg: "Order type not supported in OCO." }],
    ["oco", { belowType: "LIMIT_MAKER" }, { code: -1168, msg: "At least one OCO order must be contingent." }],
    ["oco", { side: "BUY" }, { code: -1165, msg: "A limit order in a buy OCO must be below." }],
    [
      "oco",
      { aboveType: "STOP_LOSS", belowType: "LIMIT_MAKER" },
      { code: -1166, msg: "A limit order in a sell OCO must be above." },
    ],
    [
      "oco",
      { side: "BUY", aboveType: "STOP_LOSS" },
      { code: -1196, msg: "A stop loss order in a buy OCO must be above." },
    ],
    ["oco", { aboveType: "STOP_LOSS" }, { code: -1197, msg: "A stop loss order in a sell OCO must be below." }],
    [
      "oco",
      { side: "BUY", aboveType: "TAKE_PROFIT" },
      { code: -1198, msg: "A take profit order in a buy OCO must be below." },
    ],
    ["oco", { belowType: "TAKE_PROFIT" }, { code: -1199, msg: "A take profit order in a sell OCO must be above." }],
    [
      "oco",
      { belowIcebergQty: "1", belowTimeInForce: "IOC" },
      { code: -1160, msg: "Parameter 'belowIcebergQty' is not supported if `belowTimeInForce` is not GTC." },
    ],
    ["oco", { aboveStopPrice: "105" }, notRequired("aboveStopPrice")],
    [
      "oco",
      { abovePrice: "99" },
      { code: -2010, msg: "The relationship of the prices for the orders is not correct." },
    ],
    ["oco", { quantity: "0.0001" }, { code: -1013, msg: "Filter failure: LOT_SIZE" }],
    ["oco", { aboveClientOrderId: "same", belowClientOrderId: "same" }, { code: -2010, msg: "Duplicate order sent." }],
    ["oco", { quantity: "5000" }, { code: -2010, msg: "Account has insufficient balance for requested action." }],
    ["oto", { workingType: "MARKET" }, { code: -1159, msg: "Order type not supported for the working order." }],
    ["oto", { workingTimeInForce: "" }, { code: -1102, msg: expect.stringContaining("workingTimeInForce") }],
    ["oto", { pendingQuantity: "" }, { code: -1102, msg: expect.stringContaining("pendingQuantity") }],
    ["opo", { workingSide: "SELL" }, { code: -1222, msg: "Working order in an OPO list must be a bid." }],
    ["opo", { pendingSide: "BUY" }, { code: -1223, msg: "Pending orders in an OPO list must be asks." }],
    ["opo", { pendingQuantity: "1" }, { code: -1104, msg: expect.stringContaining("Not all sent parameters") }],
  ])("%s with %j", async (kind, fields, error) => {
    const { paper, list } = await setUp();
    const before = paper.acceptedOrders().length;
    const good: Fields =
      kind === "oco" ? OCO : { ...WORKING, ...PENDING, ...(kind === "oto" ? { pendingQuantity: "1" } : {}) };
    const { status, body } = await list(kind, { ...good, ...fields });
    expect(body).toEqual(error);
    expect(status).toBe(400);
    expect(paper.acceptedOrders()).toHaveLength(before);
  });

  test("the 21st open list, and the order count's excess", async () => {
    const { list } = await setUp();
    for (let i = 0; i < 20; i++) {
      expect((await list("oto", { ...WORKING, ...PENDING, pendingQuantity: "1" })).status).toBe(200);
    }
    expect((await list("oto", { ...WORKING, ...PENDING, pendingQuantity: "1" })).body).toEqual({
      code: -2010,
      msg: "Filter failure: MAX_NUM_ORDER_LISTS",
    });
  });
});
