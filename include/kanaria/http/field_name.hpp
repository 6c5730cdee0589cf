// The field names that the data path asks for, as numbers: a name is compared once, when its field is made, and then
// only its number.
#pragma once

#include <cstdint>
#include <string_view>

namespace kanaria::http {

/// Of ASCII letters alone.
constexpr char to_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

/// ASCII case-insensitive equality.
constexpr bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (to_lower(a[i]) != to_lower(b[i])) return false;
  return true;
}

enum class FieldName : std::uint8_t {
  Other,
  Close,  // reserved by RFC 9112 §9.6
  Connection,
  ContentLength,
  Cookie,
  Date,
  Expect,
  Host,
  KeepAlive,
  MaxForwards,
  ProxyConnection,
  SetCookie,
  Te,
  Traceparent,
  Trailer,
  TransferEncoding,
  Upgrade,
  UserAgent,
  XAmznTraceId,
  XForwardedFor,
  XForwardedPort,
  XForwardedProto,
};

/// By size and first letter there is mostly one name that it can be.
constexpr FieldName field_name(std::string_view name) {
  struct Known {
    std::string_view text;
    FieldName number = FieldName::Other;
  };
  const auto candidate = [name]() -> Known {
    constexpr auto key = [](std::size_t size, char first) { return size << 8 | static_cast<unsigned char>(first); };
    switch (key(name.size(), static_cast<char>(name.front() | 0x20))) {
      case key(2, 't'): return {"te", FieldName::Te};
      case key(4, 'd'): return {"date", FieldName::Date};
      case key(4, 'h'): return {"host", FieldName::Host};
      case key(5, 'c'): return {"close", FieldName::Close};
      case key(6, 'c'): return {"cookie", FieldName::Cookie};
      case key(6, 'e'): return {"expect", FieldName::Expect};
      case key(7, 't'): return {"trailer", FieldName::Trailer};
      case key(7, 'u'): return {"upgrade", FieldName::Upgrade};
      case key(10, 'c'): return {"connection", FieldName::Connection};
      case key(10, 'k'): return {"keep-alive", FieldName::KeepAlive};
      case key(10, 's'): return {"set-cookie", FieldName::SetCookie};
      case key(10, 'u'): return {"user-agent", FieldName::UserAgent};
      case key(11, 't'): return {"traceparent", FieldName::Traceparent};
      case key(12, 'm'): return {"max-forwards", FieldName::MaxForwards};
      case key(14, 'c'): return {"content-length", FieldName::ContentLength};
      case key(15, 'x'):
        if ((name[2] | 0x20) == 'a') return {"x-amzn-trace-id", FieldName::XAmznTraceId};
        return {"x-forwarded-for", FieldName::XForwardedFor};
      case key(16, 'p'): return {"proxy-connection", FieldName::ProxyConnection};
      case key(16, 'x'): return {"x-forwarded-port", FieldName::XForwardedPort};
      case key(17, 't'): return {"transfer-encoding", FieldName::TransferEncoding};
      case key(17, 'x'): return {"x-forwarded-proto", FieldName::XForwardedProto};
      default: return {};
    }
  };
  if (name.empty()) return FieldName::Other;
  const Known known = candidate();  // of the same size, or none
  for (std::size_t i = 0; i < known.text.size(); ++i)
    if (to_lower(name[i]) != known.text[i]) return FieldName::Other;
  return known.number;
}

/// A field that ends at the next hop, by its name alone (RFC 9110 §7.6.1).
constexpr bool is_hop_by_hop(FieldName name) {
  switch (name) {
    case FieldName::Close:
    case FieldName::Connection:
    case FieldName::KeepAlive:
    case FieldName::ProxyConnection:
    case FieldName::Te:
    case FieldName::Trailer:
    case FieldName::TransferEncoding:
    case FieldName::Upgrade: return true;
    default: return false;
  }
}

}  // namespace kanaria::http
