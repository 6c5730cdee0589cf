// The field names that the data path asks for, as numbers: a name is compared once, when its field is made, and then only
// its number.
#pragma once

#include <cstdint>
#include <string_view>

namespace kanaria::http {

/// ASCII case-insensitive equality.
constexpr bool iequals(std::string_view a, std::string_view b) {
  constexpr auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

enum class FieldName : std::uint8_t {
  Other,
  Close,  // reserved by RFC 9112 §9.6
  Connection,
  ContentLength,
  Date,
  Expect,
  Host,
  KeepAlive,
  ProxyConnection,
  Te,
  Trailer,
  TransferEncoding,
  Upgrade,
  UserAgent,
  XAmznTraceId,
  XForwardedFor,
  XForwardedPort,
  XForwardedProto,
};

constexpr FieldName field_name(std::string_view name) {
  const auto is = [name](std::string_view other, FieldName number) {
    return iequals(name, other) ? number : FieldName::Other;
  };
  if (name.empty()) return FieldName::Other;
  const char first = static_cast<char>(name.front() | 0x20);
  switch (name.size()) {
    case 2: return is("te", FieldName::Te);
    case 4: return first == 'd' ? is("date", FieldName::Date) : is("host", FieldName::Host);
    case 5: return is("close", FieldName::Close);
    case 6: return is("expect", FieldName::Expect);
    case 7: return first == 't' ? is("trailer", FieldName::Trailer) : is("upgrade", FieldName::Upgrade);
    case 10:
      switch (first) {
        case 'c': return is("connection", FieldName::Connection);
        case 'k': return is("keep-alive", FieldName::KeepAlive);
        default: return is("user-agent", FieldName::UserAgent);
      }
    case 14: return is("content-length", FieldName::ContentLength);
    case 15:
      return name[2] == 'a' || name[2] == 'A' ? is("x-amzn-trace-id", FieldName::XAmznTraceId)
                                              : is("x-forwarded-for", FieldName::XForwardedFor);
    case 16:
      return first == 'x' ? is("x-forwarded-port", FieldName::XForwardedPort)
                          : is("proxy-connection", FieldName::ProxyConnection);
    case 17:
      return first == 't' ? is("transfer-encoding", FieldName::TransferEncoding)
                          : is("x-forwarded-proto", FieldName::XForwardedProto);
    default: return FieldName::Other;
  }
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
