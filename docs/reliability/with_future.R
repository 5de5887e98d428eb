# 16 items with R's future, and the worker of item 7 is killed. So is every later item an error that this worker is given.
suppressMessages(library(future))
plan(multisession, workers = 2)

square <- function(item) {
  if (item == 7) tools::pskill(Sys.getpid(), tools::SIGKILL)
  item^2
}

# A future fails where it is made, if its worker is gone by then, or where its value is asked for.
futures <- lapply(0:15, function(item) tryCatch(future(square(item)), error = identity))
squares <- lapply(futures, function(future) tryCatch(value(future), error = identity))
failed <- vapply(squares, inherits, NA, "error")
cat("items", which(failed) - 1, "are errors\n")
cat(sum(!failed), "of 16 results\n")
