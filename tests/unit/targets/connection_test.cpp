// An attempt against a target that misbehaves, or answers in unusual order.
#include "line.hpp"

namespace kanaria::targets {
namespace {

class ConnectionTest : public Line {};

TEST_F(ConnectionTest, CarriesARequestAndItsAnswer) {
  const AttemptPtr attempt = open();
  test::Peer peer = scripted.accept();
  http::RequestHead post = request("POST");
  post.framing = http::Framing::Length;
  post.content_length = 5;
  const http::Piece first{"ab", false, nullptr};
  const http::Piece second{"cde", true, nullptr};
  send(*attempt, post, first);
  EXPECT_TRUE(driver.run(attempt->write(second)));
  ASSERT_TRUE(driver.until([&] { return peer.received().ends_with("abcde"); }));
  EXPECT_NE(peer.received().find("Content-Length: 5\r\n"), std::string::npos);
  peer.send("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  EXPECT_EQ(receive(*attempt), 201);
  peer.send("2\r\nde\r\n0\r\n\r\n");
  Fault fault{};
  EXPECT_EQ(body(*attempt, fault), "abcde");
  EXPECT_EQ(fault, Fault::None);
}

TEST_F(ConnectionTest, FramesABodyOfUnknownLengthInChunks) {
  const AttemptPtr attempt = open();
  test::Peer peer = scripted.accept();
  http::RequestHead post = request("POST");
  post.framing = http::Framing::Chunked;
  send(*attempt, post, {{}, false, nullptr});
  const std::vector<http::Field> trailers{{"Digest", "x"}};
  const http::Piece middle{"0123456789abcdef", false, nullptr};
  const http::Piece end{{}, true, &trailers};
  EXPECT_TRUE(driver.run(attempt->write(middle)));
  EXPECT_TRUE(driver.run(attempt->write(end)));
  EXPECT_TRUE(driver.until(
      [&] { return peer.received().ends_with("\r\n\r\n10\r\n0123456789abcdef\r\n0\r\nDigest: x\r\n\r\n"); }));
  const auto waiting = driver.start(attempt->receive());
  peer.close();
  EXPECT_TRUE(driver.until([&] { return waiting->has_value(); }));
}

TEST_F(ConnectionTest, ARefusedConnectIsToldSo) {
  scripted.close();
  const Result<AttemptPtr> opened = driver.run(pool.connect(group, *target, {}));
  EXPECT_EQ(fault_of(opened), Fault::ConnectRefused);
  EXPECT_EQ(row().connections.read(), 0U);
  EXPECT_EQ(row().connects.read(), 0U);
}

struct Failing {
  const char* description;
  void (*act)(test::Peer&);
  Fault fresh;
  Fault reused;
};

const std::vector<Failing> kBeforeTheHead{
    {"closed at once", [](test::Peer& peer) { peer.finish(); }, Fault::TargetClosed, Fault::ReusedConnectionClosed},
    {"reset", [](test::Peer& peer) { peer.reset(); }, Fault::TargetReset, Fault::ReusedConnectionClosed},
    {"closed inside the head",
     [](test::Peer& peer) {
       peer.send("HTTP/1.1 200 OK\r\nServer: x");
       peer.finish();
     },
     Fault::TargetClosed, Fault::TargetClosed},
    {"closed after an interim answer",
     [](test::Peer& peer) {
       peer.send("HTTP/1.1 100 Continue\r\n\r\n");
       peer.finish();
     },
     Fault::TargetClosed, Fault::TargetClosed},
    {"no HTTP", [](test::Peer& peer) { peer.send("SSH-2.0-OpenSSH\r\n"); }, Fault::MalformedResponse,
     Fault::MalformedResponse},
    {"a head over 32K", [](test::Peer& peer) { peer.send("HTTP/1.1 200 OK\r\nA: " + std::string(40'000, 'x')); },
     Fault::ResponseHeadTooLarge, Fault::ResponseHeadTooLarge},
};

Fault first_fault(test::Driver& driver, Attempt& attempt) {
  for (;;) {
    const auto head = driver.run(attempt.receive());
    if (!head) return head.error().fault;
    if ((*head)->status >= 200) return Fault::None;
  }
}

TEST_F(ConnectionTest, ATargetThatFailsBeforeItsHead) {
  for (const Failing& one : kBeforeTheHead) {
    SCOPED_TRACE(one.description);
    const AttemptPtr attempt = open();
    test::Peer peer = scripted.accept();
    send(*attempt);
    one.act(peer);
    EXPECT_EQ(first_fault(driver, *attempt), one.fresh);
  }
}

TEST_F(ConnectionTest, OnAReusedConnectionOnlyAnEndWithoutAnyByteIsNobodysFault) {
  for (const Failing& one : kBeforeTheHead) {
    SCOPED_TRACE(one.description);
    test::Peer peer = idle_connection();
    ASSERT_EQ(pool.idle(), 1U);
    const AttemptPtr attempt = open();
    send(*attempt);
    one.act(peer);
    EXPECT_EQ(first_fault(driver, *attempt), one.reused);
  }
}

TEST_F(ConnectionTest, AReusedConnectionThatFailsTheWriteIsNobodysFaultEither) {
  test::Peer peer = idle_connection();
  const AttemptPtr attempt = open();
  peer.reset();
  Fault fault = Fault::None;
  ASSERT_TRUE(driver.until([&] {
    fault = fault_of(driver.run(attempt->send(get, kNoBody)));
    return fault != Fault::None;
  }));
  EXPECT_EQ(fault, Fault::ReusedConnectionClosed);
}

TEST_F(ConnectionTest, ABodyThatIsCutIsToldSoHoweverItEnds) {
  struct Case {
    const char* description;
    const char* answer;
    void (*end)(test::Peer&);
    Fault fault;
  };
  const auto finish = [](test::Peer& peer) { peer.finish(); };
  const auto reset = [](test::Peer& peer) { peer.reset(); };
  for (const Case& one :
       {Case{"length, FIN", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", finish, Fault::ResponseBodyCut},
        Case{"length, RST", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", reset, Fault::ResponseBodyCut},
        Case{"chunked, FIN", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n", finish,
             Fault::ResponseBodyCut},
        Case{"until close, RST", "HTTP/1.1 200 OK\r\n\r\nhalf", reset, Fault::ResponseBodyCut},
        Case{"until close, FIN", "HTTP/1.1 200 OK\r\n\r\nhalf", finish, Fault::None}}) {
    SCOPED_TRACE(one.description);
    AttemptPtr attempt = open(true);
    test::Peer peer = scripted.accept();
    send(*attempt);
    peer.send(one.answer);
    EXPECT_EQ(receive(*attempt), 200);
    one.end(peer);
    Fault fault{};
    EXPECT_EQ(body(*attempt, fault), "half");
    EXPECT_EQ(fault, one.fault);
    attempt.reset();
    EXPECT_EQ(pool.idle(), 0U);
  }
}

TEST_F(ConnectionTest, ABrokenChunkThatComesWithItsHeadIsToldBeforeAnyOfItsBody) {
  AttemptPtr attempt = open(true);
  test::Peer peer = scripted.accept();
  send(*attempt);
  peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nzz\r\n");
  EXPECT_EQ(receive(*attempt), 200);
  Fault fault{};
  EXPECT_EQ(body(*attempt, fault), "");
  EXPECT_EQ(fault, Fault::MalformedResponse);
  attempt.reset();
  EXPECT_EQ(pool.idle(), 0U);
}

TEST_F(ConnectionTest, ABrokenChunkThatComesLaterIsTold) {
  AttemptPtr attempt = open(true);
  test::Peer peer = scripted.accept();
  send(*attempt);
  peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(receive(*attempt), 200);
  EXPECT_EQ(attempt->ready()->data, "");
  peer.send("4\r\nhalf\r\nzz\r\n");
  const Result<http::Piece> piece = driver.run(attempt->read(http::Carry::Memory));
  EXPECT_EQ(fault_of(piece), Fault::MalformedResponse);
  attempt.reset();
  EXPECT_EQ(pool.idle(), 0U);
}

TEST_F(ConnectionTest, InterimAnswersComeBeforeTheFinalOne) {
  const AttemptPtr attempt = open();
  test::Peer peer = scripted.accept();
  send(*attempt);
  peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n");
  EXPECT_EQ(receive(*attempt), 100);
  EXPECT_EQ(receive(*attempt), 103);
  peer.send("Content-Length: 2\r\n\r\nok");
  EXPECT_EQ(receive(*attempt), 200);
  Fault fault{};
  EXPECT_EQ(body(*attempt, fault), "ok");
}

TEST_F(ConnectionTest, AnEarlyAnswerCanBeReadThoughTheRequestIsNotWhole) {
  AttemptPtr attempt = open();
  test::Peer peer = scripted.accept();
  http::RequestHead post = request("POST");
  post.framing = http::Framing::Length;
  post.content_length = 100;
  send(*attempt, post, {"half", false, nullptr});
  peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(receive(*attempt), 413);
  Fault fault{};
  body(*attempt, fault);
  EXPECT_EQ(fault, Fault::None);
  attempt.reset();
  EXPECT_EQ(pool.idle(), 0U) << "the target still waits for the rest";
}

TEST_F(ConnectionTest, TheAnswerToHeadHasNoBody) {
  AttemptPtr attempt = open();
  test::Peer peer = scripted.accept();
  const http::RequestHead head = request("HEAD");
  send(*attempt, head);
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  EXPECT_EQ(receive(*attempt), 200);
  EXPECT_TRUE(attempt->ready()->last);
  attempt.reset();
  EXPECT_EQ(pool.idle(), 1U);
  pool.close();
}

TEST_F(ConnectionTest, After101BytesPassAsTheyAre) {
  AttemptPtr attempt = open();
  test::Peer peer = scripted.accept();
  send(*attempt);
  peer.send("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81raw");
  EXPECT_EQ(receive(*attempt), 101);
  EXPECT_TRUE(attempt->ready()->data.empty());
  Result<http::Piece> piece = driver.run(attempt->read(http::Carry::Memory));
  EXPECT_EQ(piece->data, "\x81raw");
  peer.forget();
  const http::Piece up{"up", false, nullptr};
  EXPECT_TRUE(driver.run(attempt->write(up)));
  EXPECT_TRUE(driver.until([&] { return peer.received() == "up"; }));
  EXPECT_TRUE(driver.run(attempt->write(kNoBody)));
  EXPECT_TRUE(driver.until([&] { return peer.has_ended(); })) << "the last piece is our FIN";
  peer.send("down");
  piece = driver.run(attempt->read(http::Carry::Memory));
  EXPECT_EQ(piece->data, "down");
  EXPECT_FALSE(piece->last);
  peer.finish();
  EXPECT_TRUE(driver.run(attempt->read(http::Carry::Memory))->last);
  attempt.reset();
  EXPECT_EQ(pool.idle(), 0U);
}

TEST_F(ConnectionTest, SilenceEndsWithTheFaultOfItsPhase) {
  const AttemptTimeouts second{Milliseconds(1000), Milliseconds(1000)};
  Result<AttemptPtr> opened = driver.run(pool.connect(group, *target, second));
  const AttemptPtr attempt = std::move(*opened);
  test::Peer peer = scripted.accept();
  send(*attempt);
  const auto head = driver.start(attempt->receive());
  driver.pass(10);
  EXPECT_FALSE(head->has_value());
  driver.pass(1);
  ASSERT_TRUE(head->has_value());
  EXPECT_EQ(fault_of(**head), Fault::TargetTimeout);

  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(receive(*attempt), 200);
  const auto piece = driver.start(attempt->read(http::Carry::Memory));
  driver.pass(11);
  ASSERT_TRUE(piece->has_value());
  EXPECT_EQ(fault_of(**piece), Fault::ResponseBodyTimeout);
}

TEST_F(ConnectionTest, ATargetThatTakesNothingStalls) {
  const AttemptTimeouts second{Milliseconds(1000), Milliseconds(1000)};
  Result<AttemptPtr> opened = driver.run(pool.connect(group, *target, second));
  const AttemptPtr attempt = std::move(*opened);
  const test::Peer peer = scripted.accept();
  http::RequestHead post = request("POST");
  post.framing = http::Framing::Chunked;
  send(*attempt, post, {{}, false, nullptr});
  const std::string much(32U << 20, 'x');
  const http::Piece piece{much, false, nullptr};
  const auto writing = driver.start(attempt->write(piece));
  driver.pass(11);
  ASSERT_TRUE(writing->has_value());
  EXPECT_EQ(fault_of(**writing), Fault::TargetStalled);
}

TEST_F(ConnectionTest, StopReadingEndsTheReadThatWaits) {
  const AttemptPtr attempt = open();
  test::Peer peer = scripted.accept();
  send(*attempt);
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(receive(*attempt), 200);
  const auto reading = driver.start(attempt->read(http::Carry::Memory));
  attempt->stop_reading();
  driver.settle();
  ASSERT_TRUE(reading->has_value());
  EXPECT_EQ(fault_of(**reading), Fault::Stopped);
  EXPECT_EQ(fault_of(driver.run(attempt->read(http::Carry::Memory))), Fault::Stopped);
}

TEST_F(ConnectionTest, AbortEndsWhateverWaits) {
  const AttemptPtr attempt = open();
  const test::Peer peer = scripted.accept();
  send(*attempt);
  const auto head = driver.start(attempt->receive());
  attempt->abort(Fault::ClientGone);
  driver.settle();
  ASSERT_TRUE(head->has_value());
  EXPECT_EQ(fault_of(**head), Fault::ClientGone);
  EXPECT_EQ(attempt->fault(), Fault::ClientGone);
}

}  // namespace
}  // namespace kanaria::targets
