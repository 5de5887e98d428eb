# The number of primes below 200,000, counted with R's future: by itself, and with furrr.
suppressMessages({
  library(future)
  library(furrr)
})
plan(multisession) # or multicore, sequential, cluster

count_primes <- function(first) {
  is_prime <- function(n) n > 1 && all(n %% seq_len(floor(sqrt(n)))[-1] != 0)
  sum(vapply(seq(first, first + 24999), is_prime, NA))
}

parts <- seq(0, 175000, 25000)
futures <- lapply(parts, function(first) future(count_primes(first)))
cat(sum(unlist(value(futures))), "\n", sep = "")
cat(sum(future_map_dbl(parts, count_primes)), "\n", sep = "")
