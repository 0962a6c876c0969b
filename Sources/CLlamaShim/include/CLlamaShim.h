#ifndef ABONO_LLAMA_SHIM_H
#define ABONO_LLAMA_SHIM_H

#include <stdbool.h>
#include <stdint.h>

// A narrow face of llama.cpp that cannot throw. C++ exceptions that cross into Swift end the process, so every call
// that may throw is caught here and becomes a negative code; `abono_llama_error` then says what happened. Arguments
// that llama.cpp would answer with abort() (a row without logits, a sequence out of range, a batch that is full) are
// checked first.

#ifdef __cplusplus
extern "C" {
#endif

/// Codes. Everything below zero is a failure; functions that count return the count when it went well.
enum {
    ABONO_LLAMA_OK = 0,
    /// `process` found no room for the tokens in the sequences' caches; nothing was changed.
    ABONO_LLAMA_NO_ROOM = 1,
    /// `process` was stopped by `abono_llama_context_abort`; the tokens of the call are forgotten.
    ABONO_LLAMA_ABORTED = 2,
    ABONO_LLAMA_FAILED = -1,
    ABONO_LLAMA_BAD_ARGUMENT = -2,
};

/// Weights and vocabulary. Immutable once loaded: any thread may tokenise.
typedef struct abono_llama_model abono_llama_model;
/// Caches, batch and samplers of some sequences over one model. One thread at a time, except for `abort`.
typedef struct abono_llama_context abono_llama_context;

/// What went wrong in the last failed call of this thread. Valid until the thread's next call.
const char *abono_llama_error(void);

/// Version of the linked llama.cpp, for example "0.6.0-dev".
const char *abono_llama_build(void);

// The model.

/// Loads a GGUF file with its weights mapped.
int32_t abono_llama_model_load(const char *path, abono_llama_model **model);
void abono_llama_model_free(abono_llama_model *model);

typedef struct {
    uint64_t bytes;
    uint64_t parameters;
    int32_t trained_context;
    int32_t vocabulary;
    /// Bytes of the longest piece any token stands for: a text of n bytes has at least n / longest_piece tokens.
    int32_t longest_piece;
    /// The token put before every text, or -1 if the model wants none.
    int32_t beginning;
    /// Whether the model writes text one token after another (an encoder for embeddings does not).
    bool generates;
    /// Numbers in a vector of a text, or 0 if the model is none that makes vectors.
    int32_t vector_size;
} abono_llama_facts;

abono_llama_facts abono_llama_model_facts(const abono_llama_model *model);

enum {
    ABONO_LLAMA_TEXT_DESCRIPTION = 0,
    ABONO_LLAMA_TEXT_ARCHITECTURE = 1,
    ABONO_LLAMA_TEXT_NAME = 2,
    ABONO_LLAMA_TEXT_TEMPLATE = 3,
    ABONO_LLAMA_TEXT_WEIGHTS = 4,
};

/// A text of the model's metadata, or NULL if it has none. Lives as long as the model.
const char *abono_llama_model_text(const abono_llama_model *model, int32_t which);

/// Writes the tokens of `text` and returns their number; if `capacity` is too small, writes nothing and still returns
/// the number. Control tokens are recognised only when `parse_control` is true. A beginning and an end, as the model
/// wants them, are added only when `add_ends` is true.
int32_t abono_llama_tokenize(
    const abono_llama_model *model, const char *text, int32_t length, bool parse_control, bool add_ends,
    int32_t *tokens, int32_t capacity);

/// Writes the bytes `token` stands for and returns their number (none for control tokens); the same rule for capacity.
int32_t abono_llama_piece(const abono_llama_model *model, int32_t token, char *bytes, int32_t capacity);

/// Whether `token` ends a generation.
bool abono_llama_ends_generation(const abono_llama_model *model, int32_t token);

// The context.

typedef struct {
    /// Tokens each sequence may hold. Rounded up to a multiple of 256: read the real number back.
    int32_t context;
    int32_t sequences;
    /// Most tokens in one `process` call.
    int32_t batch;
    int32_t threads;
    /// Most rows that one `process` call can give numbers for; at least `sequences`. Without meaning with `vectors`.
    int32_t rows;
    /// Makes a context for `abono_llama_vector`: it keeps no caches and picks no tokens.
    bool vectors;
} abono_llama_options;

int32_t abono_llama_context_create(
    abono_llama_model *model, abono_llama_options options, abono_llama_context **context);
void abono_llama_context_free(abono_llama_context *context);

/// Tokens that one sequence can hold.
int32_t abono_llama_context_size(const abono_llama_context *context);

/// Asks a running `process` to stop (true), or lets the next one run (false). Any thread; one relaxed atomic store.
void abono_llama_context_abort(abono_llama_context *context, bool stop);

/// Empties the batch.
void abono_llama_batch_clear(abono_llama_context *context);

/// Adds `token` of `sequence` at `position` and returns its row; `sampled` rows can be sampled after `process`.
int32_t abono_llama_batch_add(
    abono_llama_context *context, int32_t sequence, int32_t token, int32_t position, bool sampled);

/// Computes the batch. Returns OK, NO_ROOM, ABORTED or a failure.
int32_t abono_llama_process(abono_llama_context *context);

/// Forgets what `sequence` holds from `position` on. Returns OK, or FAILED if the model cannot forget a part.
int32_t abono_llama_forget(abono_llama_context *context, int32_t sequence, int32_t position);

/// Number of tokens that `sequence` holds.
int32_t abono_llama_held(const abono_llama_context *context, int32_t sequence);

// Sampling: one sampler for each sequence.

typedef struct {
    /// Zero is greedy.
    float temperature;
    /// Zero: no limit.
    int32_t top_k;
    float top_p;
    float min_p;
    float presence_penalty;
    float frequency_penalty;
    uint32_t seed;
} abono_llama_sampling;

/// Gives `sequence` a new sampler. `grammar` is GBNF with the rule "root", or NULL.
int32_t abono_llama_sampler_set(
    abono_llama_context *context, int32_t sequence, abono_llama_sampling sampling, const int32_t *bias_tokens,
    const float *biases, int32_t bias_count, const char *grammar);

/// Picks the next token of `sequence` from `row` of the batch just computed and tells its sampler.
int32_t abono_llama_sample(abono_llama_context *context, int32_t sequence, int32_t row, int32_t *token);

// What the model itself thinks, before any sampler: natural logarithms of probabilities.

/// Writes the logarithm of the probability that each of `tokens` follows `row` of the batch just computed.
int32_t abono_llama_logprobs(
    abono_llama_context *context, int32_t row, const int32_t *tokens, int32_t count, double *logprobs);

/// Writes the `count` likeliest tokens after `row`, the likeliest first, with their logarithms; returns how many.
int32_t abono_llama_likeliest(
    abono_llama_context *context, int32_t row, int32_t count, int32_t *tokens, double *logprobs);

/// Writes the vector of `sequence` of the batch just computed, of length 1, and returns its size; `capacity` must be
/// at least the model's `vector_size`.
int32_t abono_llama_vector(abono_llama_context *context, int32_t sequence, float *vector, int32_t capacity);

/// Makes sequence `to` hold the first `count` tokens of what `from` holds, bit by bit the same, and nothing else;
/// returns OK or a failure, after which `to` holds nothing.
int32_t abono_llama_copy(abono_llama_context *context, int32_t from, int32_t to, int32_t count);

// A sequence's cache as bytes, bound to this model file and build.

/// Bytes that `abono_llama_state_get` would write, zero for an empty sequence.
int64_t abono_llama_state_size(abono_llama_context *context, int32_t sequence);
/// Writes the cache of `sequence` and returns the number of bytes.
int64_t abono_llama_state_get(abono_llama_context *context, int32_t sequence, uint8_t *bytes, int64_t capacity);
/// Replaces the cache of `sequence` and returns the number of bytes read.
int64_t abono_llama_state_set(abono_llama_context *context, int32_t sequence, const uint8_t *bytes, int64_t count);

#ifdef __cplusplus
}
#endif

#endif
