def picture(results): return ""
